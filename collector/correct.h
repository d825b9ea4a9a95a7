/*
 * correct.h - a probe's times on the collector's clock.              (pure)
 *
 * Uses     schema/record.h
 * Used by  ingest
 */
#ifndef COLLECTOR_CORRECT_H
#define COLLECTOR_CORRECT_H

#include <stdint.h>

#include "schema/record.h"

/* The collector's clock minus the probe's, as far as one batch tells (it holds
 * the way of the batch too).  Only where the header has sent_at. */
int64_t correct_offset(const struct batch_header *h, int64_t received_us);

/* What is to be added to the batch's times: its offset when that is over one
 * second (less may be the way alone), else 0. */
int64_t correct_shift(const struct batch_header *h, int64_t received_us);

/* at_us plus shift_us, but never after received_us nor before 1970. */
int64_t correct_time(int64_t at_us, int64_t shift_us, int64_t received_us);

#endif

/*
 * capture_filter.h - which packets of a host are ours, as a filter.  (pure)
 *
 * Uses     schema/base/addr.h
 * Used by  probe/capture.c
 *
 * Ours is what goes to and comes from our targets: the service's ports, ICMP
 * and fragments; and ICMP errors, from anywhere, that quote a packet to one of
 * them.  More targets than a filter can name, and the addresses are left out.
 */
#ifndef PROBE_CAPTURE_FILTER_H
#define PROBE_CAPTURE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/addr.h"

#define CAPTURE_TARGETS_MAX 24 /* named in one filter */
#define CAPTURE_PORTS_MAX 4
#define CAPTURE_FILTER_MAX 8192 /* characters of its text */

struct capture_filter {
	uint16_t ports[CAPTURE_PORTS_MAX]; /* of the service; 0: unused */
	struct addr targets[CAPTURE_TARGETS_MAX];
	size_t n_targets;
	bool is_wide; /* there were more: all of our ports' packets */
};

/* Adds a target.  True: the filter is another one now. */
bool capture_filter_add(struct capture_filter *f, const struct addr *target);

/* Writes it in the language of pcap-filter(7).  Returns out.  At least one
 * target or is_wide, and at least one port. */
const char *capture_filter_write(
    const struct capture_filter *f, char out[static CAPTURE_FILTER_MAX]);

#endif

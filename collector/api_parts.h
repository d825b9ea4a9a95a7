/*
 * api_parts.h - what the paths of the collector work on.           (wiring)
 *
 * Used by  api.h, api_answer.h
 */
#ifndef COLLECTOR_API_PARTS_H
#define COLLECTOR_API_PARTS_H

#include "collector/metrics.h"
#include "collector/queue.h"
#include "collector/selfcheck.h"
#include "collector/settings.h"

struct api_parts { /* all lent */
	const struct settings *settings;
	struct queue *queue;
	struct selfcheck *selfcheck;
	struct metrics *metrics;
};

#endif

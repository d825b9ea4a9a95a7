/*
 * api_parts.h - what the HTTP paths are given to work with.          (pure)
 *
 * Used by  api, api_answer, serve
 */
#ifndef COLLECTOR_API_PARTS_H
#define COLLECTOR_API_PARTS_H

#include "collector/metrics.h"
#include "collector/queue.h"
#include "collector/settings.h"
#include "collector/writer.h"

struct api_parts { /* all lent */
	const struct settings *settings;
	struct queue *queue;
	struct writer *writer;
	struct metrics *metrics;
};

#endif

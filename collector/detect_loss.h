/*
 * detect_loss.h - rounds in which many were not heard.               (pure)
 *
 * Uses     collector/detect_part.h
 * Used by  detect_parts
 *
 * Of imported rounds (struct service, round_us) only.  An event `silent`, of
 * the verdict "fleet": of those heard in the round before, a fifth or more, in
 * three networks or more, are not heard in this one.  It is over with the round
 * in which half of them are heard again.  Nobody says whether they, or what
 * measured them, were away: so it is loss, and nothing else.
 */
#ifndef COLLECTOR_DETECT_LOSS_H
#define COLLECTOR_DETECT_LOSS_H

#include "collector/detect_part.h"

extern const struct detect_part loss_part;

#endif

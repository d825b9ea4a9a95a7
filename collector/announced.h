/*
 * announced.h - what was said of each site: announced?  healthy?      (pure)
 *
 * Uses     collector/detect.h (enum tri), collector/service.h
 * Used by  detect_fold (hears), detect_shift, detect_mismatch
 *
 * What is said holds for its lease; after that nobody knows.  One struct
 * announced holds one question about every site: of announcements "up" is yes,
 * of health it is too.
 */
#ifndef COLLECTOR_ANNOUNCED_H
#define COLLECTOR_ANNOUNCED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/service.h"

struct announced_site { /* one site in one family */
	int64_t site_id;
	uint8_t family;
	bool is_said, is_up;
	int64_t at_us, lease_until_us;
	int64_t changed_us; /* when it last said otherwise than before */
};

struct announced {
	size_t n;
	struct announced_site *list;
};

void announced_init(struct announced *a, const struct services *services);
void announced_fini(struct announced *a);

/* Takes what is said of a site (family 0: both).  Older than what is known:
 * ignored.  A lease that ends no later than at_us says that nobody knows any
 * more, whatever is_up.  True when it says otherwise than before. */
bool announced_hear(struct announced *a, int64_t site_id, uint8_t family,
    bool is_up, int64_t at_us, int64_t lease_until_us);

/* Would hearing it change anything? */
bool announced_is_news(const struct announced *a, int64_t site_id,
    uint8_t family, bool is_up, int64_t at_us, int64_t lease_until_us);

enum tri announced_now(
    const struct announced *a, int64_t site_id, uint8_t family, int64_t now_us);

/* Did a site's announcement change, in either family, within span of at? */
bool announced_changed_near(
    const struct announced *a, int64_t site_id, int64_t at_us, int64_t span_us);

#endif

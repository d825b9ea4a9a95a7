/*
 * whatif.h - who takes a site's vantages when it fails.              (pure)
 *
 * Uses     collector/store_report.h (landed)
 * Used by  the subcommand whatif
 *
 * Learnt from what happened before: the journal's moves away from the site
 * straight to another one, of whatever cause.  A vantage that lands at the site
 * goes where it went itself the last time; else where most vantages of its AS
 * went on theirs; else of its country; else of the service and family.  To
 * a site that is not to be counted on (its own, one that is not announced)
 * nobody goes.  Where nothing is known it says so, and does not guess.
 */
#ifndef COLLECTOR_WHATIF_H
#define COLLECTOR_WHATIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/store_report.h"

enum whatif_basis {
	WHATIF_ITSELF,
	WHATIF_AS,
	WHATIF_COUNTRY,
	WHATIF_ANYBODY,
	WHATIF_UNKNOWN
};
#define WHATIF_BASES 5

/* A vantage and service address that lands at the site now. */
struct whatif_answer {
	const struct landed *landed; /* lent from now */
	int64_t to_site_id;          /* 0: not known */
	const char *to;              /* its name, lent from the journal */
	enum whatif_basis basis;
};

struct whatif {
	size_t n;
	struct whatif_answer *list;
	size_t n_moves; /* that it is learnt from */
};

/* now: store_landed_at's; journal: store_journal's of all, in its order; may
 * tells whether a site can take anybody.  Release with whatif_fini, before the
 * two lists. */
void whatif_ask(struct whatif *w, int64_t site_id,
    const struct landed_list *now, const struct landed_list *journal,
    bool (*may)(void *ctx, int64_t site_id), void *ctx);
void whatif_fini(struct whatif *w);

const char *whatif_basis_name(enum whatif_basis b);

#endif

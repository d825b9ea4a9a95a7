/* assign.c - see assign.h. */
#include "collector/assign.h"

#include <stdio.h>
#include <string.h>

/* The period that phases are spread over: that of the questions which find
 * a shift, else of what there is. */
static int64_t
period_of(const struct service *s)
{
	if (s->dns_every_us > 0)
		return s->dns_every_us;
	return s->ping_every_us > 0 ? s->ping_every_us : s->trace_every_us;
}

/* The service's first method is what probes ask in every round. */
static void
set_identity(
    struct assignment *out, struct assigned_target *a, const struct service *s)
{
	if (s->n_methods == 0 || s->methods[0] == METHOD_NSID)
		return;
	if (s->methods[0] == METHOD_CHAOS) {
		a->identity = ASSIGNED_CHAOS;
		return;
	}
	a->identity = ASSIGNED_NAME;
	a->identity_name = assignment_zone(out, s->txt_name);
}

static void
add_target(struct assignment *out, const struct services *services,
    const struct target *t)
{
	const struct service *s = &services->list[t->service];
	struct assigned_target *a = assignment_add(out);

	a->address = t->address;
	a->port = t->port;
	a->is_control = t->role != ROLE_SERVICE;
	a->zone = assignment_zone(out, s->zone);
	if (t->role == ROLE_DECOY) {
		a->is_decoy = true;
		a->dns_every_us = services->decoy_every_us;
		a->phase_us = a->dns_every_us; /* see spread */
		return;
	}
	if (t->role != ROLE_CONTROL)
		set_identity(out, a, s);
	a->phase_us = period_of(s);
	a->dns_every_us = s->dns_every_us;
	a->ping_every_us = s->ping_every_us;
	a->trace_every_us = s->trace_every_us;
}

/* Services first, decoys last: what does not fit is cut there. */
static unsigned
rank_of(enum target_role role)
{
	switch (role) {
	case ROLE_SERVICE:
		return 0;
	case ROLE_UNICAST:
	case ROLE_CONTROL:
		return 1;
	case ROLE_DECOY:
		break;
	}
	return 2;
}

static void
add_rank(struct assignment *out, const struct services *services, unsigned rank)
{
	for (size_t i = 0; i < services->n_targets; i++) {
		const struct target *t = &services->targets[i];

		if (rank_of(t->role) == rank &&
		    out->n_targets < ASSIGNMENT_TARGETS_MAX)
			add_target(out, services, t);
	}
}

/* Turns each target's period into its phase: place k of n * n_targets. */
static void
spread(struct assignment *out, size_t rank, size_t n)
{
	double places = (double)n * (double)out->n_targets;

	for (size_t i = 0; i < out->n_targets; i++) {
		double place =
		    (double)rank * (double)out->n_targets + (double)i;

		out->targets[i].phase_us =
		    (int64_t)((double)out->targets[i].phase_us * place /
			      places);
	}
}

/* One probe has one set of reactions: the first service's, and the longest
 * patience of all. */
static void
copy_reactions(struct assignment *out, const struct services *services)
{
	const struct service *first = &services->list[0];

	out->n_confirm = first->n_confirm;
	out->n_retry = first->n_retry;
	memcpy(out->confirm_after_us, first->confirm_after_us,
	    sizeof out->confirm_after_us);
	memcpy(out->retry_after_us, first->retry_after_us,
	    sizeof out->retry_after_us);
	for (size_t i = 0; i < services->n; i++)
		if (services->list[i].timeout_us > out->timeout_us)
			out->timeout_us = services->list[i].timeout_us;
}

void
assign(struct assignment *out, const struct services *services,
    int64_t upload_every_us, size_t rank, size_t n)
{
	memset(out, 0, sizeof *out);
	out->upload_every_us = upload_every_us;
	if (services->n == 0)
		return;
	copy_reactions(out, services);
	for (unsigned place = 0; place <= 2; place++)
		add_rank(out, services, place);
	spread(out, n == 0 ? 0 : rank % n, n == 0 ? 1 : n);
}

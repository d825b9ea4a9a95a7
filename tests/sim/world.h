/*
 * world.h - a small Internet: sites, vantages, and probes that measure.
 *
 * Uses     collector/detect.h (the values)
 * Used by  tests/sim, tools/simulate.d
 *
 * Knows where every vantage really lands, lets its probe measure by schedule
 * and react as the real one does (confirmations, retries, controls, batches),
 * and gives the inputs that a collector would hand to its detector.  It never
 * sees the detector, so the inputs are the same whatever that does.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/service.h"

#define WORLD_START_US (INT64_C(1800000000) * 1000000)
#define WORLD_SITES_MAX 8

enum input_kind {
	INPUT_SIGHTING,
	INPUT_TICK,
	INPUT_ANNOUNCEMENT,
	INPUT_HEALTH,
	INPUT_DRAIN,
	INPUT_VANTAGE,
	INPUT_EXCUSE,
	INPUT_RELEASE,
	INPUT_WAY
};

struct input {
	enum input_kind kind;
	union {
		struct sighting sighting;
		int64_t tick_us;
		struct vantage vantage;
		struct {
			int64_t vantage_id, target_id;
			enum excuse excuse;
		} excuse;
		struct {
			int64_t vantage_id, at_us;
		} release;
		struct way way;
		struct {
			int64_t site_id;
			uint8_t family;
			bool is_up;
			int64_t at_us, lease_until_us;
		} announcement; /* health has the same: is_up, healthy */
		struct drain drain;
	};
};

struct inputs {
	struct input *list;
	size_t n, cap;
};

enum service_fault { FAULT_NONE, FAULT_SILENT, FAULT_REFUSED, FAULT_SERVFAIL };

struct world_site {
	enum service_fault fault;
	bool is_unicast_down;
	bool is_renamed; /* its identity matches no template */
	bool is_recoded; /* ... matches one, and names a site nobody has */
	bool is_stuck;   /* its zone stays as it is */
	uint32_t serial;
	int64_t slow_us; /* added to its round trips */
	bool is_said[2]; /* per family: the announcement is repeated */
	bool is_up[2];
	bool is_health_said[2], is_healthy[2];
	struct drain drain; /* the last; id 0: none */
};

/* What a probe remembers of one target. */
struct errand {
	int64_t phase_us, next_round_us; /* without and with jitter */
	int64_t again_us[2];             /* confirmations or retries; 0: none */
	enum why why;                    /* of again_us */
	int64_t last_place;
	bool was_failing;
};

struct batch_queue { /* sightings that wait for their upload */
	struct sighting *list;
	size_t n, cap;
};

struct world_vantage { /* one family of one probe */
	struct vantage vantage;
	size_t site;     /* where it lands */
	int flip_site;   /* -1: none; else every other packet goes there */
	int copied_site; /* an impostor says that it is this one; -1: it has a
	                    name of its own, */
	char captor[32]; /* and this is it; "": there is no impostor */
	bool is_liar;    /* it reports whatever comes to its mind */
	bool is_outrun;  /* which answers sooner than it could */
	bool is_deaf;    /* every question times out; uploads work */
	bool is_lost;    /* only those to the service do */
	bool is_held;    /* nothing is uploaded */
	int64_t skew_us; /* added to its times */
	int64_t next_upload_us;
	struct errand *errands; /* as the targets */
	struct batch_queue queue;
	struct way *ways; /* that wait with them */
	size_t n_ways;
};

struct world;

/* What comes back, for a world whose own sites and faults are not enough:
 * fills in the outcome and what came with it. */
typedef void world_answer(void *ctx, const struct world *w,
    const struct world_vantage *v, const struct target *t, struct sighting *s);

/* Takes an input as it comes, lent for the call. */
typedef void world_sink(void *ctx, const struct input *in);

struct world {
	struct services services;
	struct world_site sites[WORLD_SITES_MAX];
	size_t n_vantages;
	struct world_vantage *vantages;
	int64_t now_us, tick_us; /* tick_us: between ticks */
	bool is_away;            /* the collector: no tick, no upload */
	bool has_ways;           /* probes trace */
	unsigned rtt_jitter_us;  /* the most by which round trips are longer */
	uint32_t serial;         /* of the zone; 0: answers have none */
	unsigned loss_percent;
	uint64_t random;
	int64_t n_drains;
	int varied_site;   /* where other source ports land; -1: not measured */
	int64_t jitter_us; /* rounds start up to so much sooner or later */
	world_answer *answer; /* NULL: the sites' own */
	world_sink *sink;     /* NULL: into inputs */
	void *answer_ctx, *sink_ctx;
	struct inputs inputs;
};

/* Makes a service of these sites, each with unicast addresses unless
 * has_controls is false, and one control of each family. */
void world_init(struct world *w, const char *const *sites, size_t n_sites,
    int64_t every_us, bool has_controls);
void world_fini(struct world *w);

/* Adds a probe, both its vantages landing at a site. */
void world_add_probe(struct world *w, uint32_t asn, size_t site);

/* Lets time pass up to a moment, collecting the inputs. */
void world_run(struct world *w, int64_t until_us);

/* Says now, and again every 30 s until it is muted, with a lease of 90 s. */
void world_announce(struct world *w, size_t site, size_t family, bool is_up);

/* The same of its health, as the site itself finds it; is_known false: it says
 * once that it does not know, and no more. */
void world_health(struct world *w, size_t site, size_t family, bool is_known,
    bool is_healthy);

/* The site is drained from now on; undrain: no more. */
void world_drain(struct world *w, size_t site);
void world_undrain(struct world *w, size_t site);

/* What a vantage meets at the service addresses counts no more, or again. */
void world_excuse(
    struct world *w, const struct world_vantage *v, enum excuse excuse);

/* The zone's next edition, at every site that is not stuck. */
void world_publish(struct world *w, uint32_t serial);

/* Somebody releases it from quarantine. */
void world_release(struct world *w, const struct world_vantage *v);

/* Says where it stands. */
void world_place(struct world *w, struct world_vantage *v, struct position at);

/* Changes the trust in a vantage. */
void world_trust(struct world *w, struct world_vantage *v, bool is_trusted);

#endif

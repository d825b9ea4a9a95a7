/* The roll against the fleet itself: after any history, the same answers as
 * asking every track. */
#include "collector/roll.h"

#include "collector/detect_state.h"
#include "collector/roll_row.h"
#include "schema/base/clock.h"
#include "tests/unit/check.h"
#include "tests/unit/random_observation.h"

#define N_VANTAGES 60
#define N_SITES 3
#define N_INPUTS 20000
#define START_US (INT64_C(1800000000) * US_PER_S)

static struct site sites[2][N_SITES];
static struct service list[2];
static struct target targets[7];
static const struct services services = {
	.n = 2, .n_targets = T_LEN(targets), .list = list, .targets = targets
};

static void
make_services(void)
{
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < N_SITES; k++)
			sites[i][k].id = (int64_t)(10 * (i + 1) + k);
		list[i] = (struct service){ .id = (int64_t)i + 1,
			.n_sites = N_SITES,
			.sites = sites[i],
			.dns_every_us = 60 * US_PER_S,
			.n_retry = 2,
			.retry_after_us = { 2 * US_PER_S, 6 * US_PER_S },
			.stale_after_us = 3600 * US_PER_S,
			.settle_us = 300 * US_PER_S,
			.shift_settles_us = 86400 * US_PER_S };
	}
	/* Service addresses of both, then own addresses of a site, a control. */
	for (size_t i = 0; i < T_LEN(targets); i++)
		targets[i] = (struct target){ .id = (int64_t)i + 1,
			.role = i < 4    ? ROLE_SERVICE
				: i == 6 ? ROLE_CONTROL
					 : ROLE_UNICAST,
			.address.family = i % 2 == 0 ? 4 : 6,
			.service = i / 2 % 2,
			.site = i % N_SITES };
	targets[4].role = ROLE_SERVICE; /* a second address of the first */
}

static void
ignore(void *ctx, const struct effect *e)
{
	(void)ctx;
	(void)e;
}

/* Without pick's liking for the ends. */
static uint64_t
random_below(struct random *r, uint64_t n)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % n;
}

static bool
one_in(struct random *r, unsigned n)
{
	return random_below(r, n) == 0;
}

static void
put_vantage(struct detect *d, struct random *r, int64_t id)
{
	struct vantage v = { .id = id,
		.family = id % 2 == 0 ? 4 : 6,
		.asn = (uint32_t)random_below(r, N_VANTAGES / 2),
		.probe = (uint64_t)((id + 1) / 2),
		.prefix = random_below(r, N_VANTAGES),
		.is_trusted = !one_in(r, 10) };

	detect_vantage(d, &v);
}

/* Mostly at home, now and then elsewhere, with another serial, or silent. */
static struct sighting
look(struct random *r, int64_t now_us)
{
	int64_t vantage = 1 + (int64_t)random_below(r, N_VANTAGES);
	size_t target = (size_t)(vantage % 2) + 2 * random_below(r, 3);
	size_t service = one_in(r, 20) ? 6 : target;
	struct sighting s = { .vantage_id = vantage,
		.target_id = targets[service].id,
		.at_us = now_us - (int64_t)random_below(r, 40) * US_PER_S,
		.received_us = now_us,
		.why = one_in(r, 10) ? WHY_RETRY : WHY_ROUND,
		.outcome = one_in(r, 8) ? OUTCOME_TIMEOUT : OUTCOME_OK,
		.has_identity = true,
		.has_rtt = true,
		.rtt_us = 9000 + (int64_t)random_below(r, 1000),
		.is_too_fast = one_in(r, 50),
		.has_serial = true,
		.serial = 7 + (uint32_t)(now_us - START_US) /
				  (uint32_t)(7200 * US_PER_S) };
	size_t site = (size_t)(vantage + now_us / (1800 * US_PER_S)) % N_SITES;

	if (one_in(r, 30))
		site = random_below(r, N_SITES);
	s.site_id = one_in(r, 15) ? 0 : sites[targets[target].service][site].id;
	if (s.site_id == 0)
		snprintf(s.identity, sizeof s.identity, "x%u",
		    (unsigned)random_below(r, 3));
	return s;
}

static void
hand_in(struct detect *d, struct random *r, int64_t *now_us)
{
	int64_t id = 1 + (int64_t)random_below(r, N_VANTAGES);
	struct sighting s;

	switch (random_below(r, 400)) {
	case 0:
		put_vantage(d, r, id);
		break;
	case 1:
		detect_excuse(d, id, 1 + (int64_t)random_below(r, 5),
		    (enum excuse)random_below(r, 3));
		break;
	case 2:
		*now_us += (int64_t)random_below(r, 400) * US_PER_S;
		detect_tick(d, *now_us);
		break;
	case 3: /* for days nobody was there */
		if (one_in(r, 10)) {
			*now_us += 86400 * US_PER_S;
			detect_begin(d, *now_us);
		}
		break;
	case 4:
		detect_retime(
		    d, &(struct times){ .service_id = 1,
			   .dns_every_us =
			       (60 + (int64_t)random_below(r, 3)) * US_PER_S,
			   .shift_settles_us = 86400 * US_PER_S });
		break;
	default:
		*now_us += (int64_t)random_below(r, 2) * US_PER_S;
		s = look(r, *now_us);
		detect_sighting(d, &s);
	}
}

/* Every row says what its track does, in the fleet's order. */
static void
check_rows(struct detect *d, size_t input)
{
	for (unsigned k = 0; k < ROLL_MARKS; k++) {
		unsigned mark = 1U << k;
		size_t n = 0;

		for (size_t i = 0; i < services.n; i++) {
			struct roll_walk w =
			    roll_walk(d->roll, i, mark, d->now_us);
			struct track_walk all = fleet_walk(&d->fleet, i);
			struct map no_sites = { 0 };
			struct track *t;

			n = 0;
			while ((t = fleet_next(&all)) != NULL) {
				int64_t until_us;
				struct roll_row row = roll_row_of(
				    t, &no_sites, d->now_us, &until_us);

				if ((row.marks & mark) == 0)
					continue;
				T_CHECK(roll_next(&w) == t,
				    "input %zu: mark %u of %lld at %lld", input,
				    k, (long long)t->vantage_id,
				    (long long)t->target->id);
				n++;
			}
			T_CHECK(roll_next(&w) == NULL,
			    "input %zu: mark %u too much", input, k);
			T_CHECK(roll_count(d->roll, i, (enum roll_mark)mark,
				    d->now_us) == n,
			    "input %zu: count of mark %u", input, k);
		}
	}
}

static bool
was_on_site(const struct track *t, const struct track_query *q)
{
	return track_rare(t)->before == q->site_id &&
	       q->now_us - track_rare(t)->before_left_us <= ROLL_USUAL_US &&
	       track_is_fresh(t, q);
}

static void
check_numbers(struct detect *d, size_t service, size_t site, uint8_t family)
{
	struct track_query q = { .now_us = d->now_us,
		.site_id = sites[service][site].id,
		.family = family };
	struct fleet *f = &d->fleet;
	struct roll_numbers n =
	    roll_numbers(d->roll, service, site, family, d->now_us);

	assert_int_equal(
	    n.n_here, fleet_count_asns(f, service, track_is_on_site, &q));
	assert_int_equal(
	    n.n_fleet, fleet_count_asns(f, service, track_is_fresh, &q));
	assert_int_equal(
	    n.n_usual, fleet_count_asns(f, service, was_on_site, &q));
	assert_int_equal(n.landings_here,
	    fleet_count_tracks(f, service, track_is_on_site, &q));
	assert_int_equal(
	    n.landings, fleet_count_tracks(f, service, track_is_fresh, &q));
	assert_int_equal(roll_count_networks(roll_walk_site(d->roll, service,
						 q.site_id, d->now_us),
			     track_is_on_site, &q),
	    fleet_count_asns(f, service, track_is_on_site, &q));
	q.family = 0;
	assert_int_equal(roll_fleet(d->roll, service, d->now_us).n_asns,
	    fleet_count_asns(f, service, track_is_fresh, &q));
	assert_int_equal(roll_noise(d->roll, service, d->now_us),
	    fleet_noise(f, service, d->now_us));
}

static void
test_it_says_what_the_fleet_says(void **state)
{
	struct random r = random_seeded();
	struct detect *d;
	int64_t now_us = START_US;
	size_t n_usual = 0;

	(void)state;
	make_services();
	d = detect_new(&services, ignore, NULL, 1, 1);
	for (int64_t id = 1; id <= N_VANTAGES; id++)
		put_vantage(d, &r, id);
	for (size_t i = 0; i < N_INPUTS; i++) {
		hand_in(d, &r, &now_us);
		if (i % 97 == 0)
			check_rows(d, i);
		if (i % 31 != 0)
			continue;
		for (size_t k = 0; k < 2 * N_SITES * 3; k++)
			check_numbers(d, k % 2, k / 2 % N_SITES,
			    (uint8_t[]){ 0, 4, 6 }[k / 6]);
		n_usual += roll_numbers(d->roll, 0, 0, 0, now_us).n_usual;
	}
	T_CHECK(n_usual > 0, "the history has no moves: it tests nothing");
	detect_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_says_what_the_fleet_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

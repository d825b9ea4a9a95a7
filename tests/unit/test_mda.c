#include "probe/mda.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

#define MS INT64_C(1000)
#define WIDTH 20
#define DEPTH 14

/*
 * A network of layers: layer[t] has width[t] nodes, and edge[t][i] says which
 * nodes of layer t + 1 follow node i.  Layer 1 is the first hop.  A node
 * chooses by flow, or (per_packet) by the packet.
 */
struct net {
	unsigned depth; /* the target's layer, one node */
	unsigned width[DEPTH + 2];
	uint32_t edge[DEPTH + 2][WIDTH];
	bool is_per_packet[DEPTH + 2][WIDTH];
	bool is_in_turn; /* per packet: one way after the other */
	unsigned heavy;  /* else percent of the first way; 0: even */
	bool is_silent[DEPTH + 2][WIDTH];
	uint8_t alias[DEPTH + 2][WIDTH]; /* 0: its own address; else layer
					  * whose node i answers here too */
	unsigned loss_percent;
	bool is_unreachable; /* the target is silent */
};

struct run {
	const struct net *net;
	struct mda *m;
	uint64_t random, salt;
	unsigned n_sent;
	unsigned turn[DEPTH + 2][WIDTH];
	int64_t now_us;
	struct {
		struct mda_probe probe;
		int64_t due_us;
	} flying[64];
	unsigned n_flying;
};

static uint64_t
mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ x >> 33;
}

static uint64_t
draw(struct run *r)
{
	r->random += UINT64_C(0x9e3779b97f4a7c15);
	return mix(r->random);
}

/* The j-th next node of a node. */
static unsigned
nth_next(uint32_t edges, unsigned j)
{
	for (unsigned i = 0;; i++) {
		if (edges >> i & 1 && j-- == 0)
			return i;
	}
}

static unsigned
choose(struct run *r, unsigned t, unsigned node, unsigned flow)
{
	const struct net *n = r->net;
	uint32_t edges = n->edge[t][node];
	unsigned ways = (unsigned)__builtin_popcount(edges);
	uint64_t x = n->is_per_packet[t][node]
			 ? draw(r)
			 : mix(r->salt ^ mix(flow * 1000003U + t * 64U + node));

	if (n->is_per_packet[t][node] && n->is_in_turn)
		return nth_next(edges, r->turn[t][node]++ % ways);
	if (n->is_per_packet[t][node] && n->heavy > 0)
		return nth_next(edges,
		    x % 100 < n->heavy ? 0
				       : 1 + (unsigned)(x >> 32) % (ways - 1));
	return nth_next(edges, (unsigned)(x >> 20) % ways);
}

static struct addr
address_of(const struct net *n, unsigned t, unsigned node)
{
	struct addr a = { .family = 4 };

	if (n->alias[t][node] != 0)
		t = n->alias[t][node];
	a.bytes[0] = 10;
	a.bytes[1] = (uint8_t)t;
	a.bytes[2] = (uint8_t)node;
	a.bytes[3] = 1;
	return a;
}

/* Lets the packet travel and tells what came back. */
static void
deliver(struct run *r, const struct mda_probe *p)
{
	const struct net *n = r->net;
	unsigned node = 0, t = 1;
	struct addr a;
	bool is_end;

	for (; t < p->ttl && t < n->depth; t++)
		node = choose(r, t, node, p->flow);
	is_end = t == n->depth;
	a = address_of(n, t, node);
	if (n->is_silent[t][node] || (is_end && n->is_unreachable) ||
	    draw(r) % 100 < n->loss_percent)
		mda_silent(r->m, p->ttl, p->flow);
	else
		mda_reply(r->m, p->ttl, p->flow, &a, (int64_t)t * 10 * MS,
		    is_end, is_end);
}

static void
start(struct run *r, const struct net *n, struct mda *m, uint64_t seed,
    const struct mda_params *p)
{
	*r = (struct run){ .net = n,
		.m = m,
		.random = mix(seed),
		.salt = mix(seed + 77),
		.now_us = 1000 };
	mda_init(m, p);
}

/* Answers come 40 ms after their packets, in order. */
static void
trace(struct run *r)
{
	struct mda_probe p;
	int64_t until_us;

	for (;;) {
		enum mda_step step = mda_next(r->m, r->now_us, &p, &until_us);

		if (step == MDA_DONE)
			return;
		if (step == MDA_SEND) {
			assert_true(r->n_flying < T_LEN(r->flying));
			assert_true(p.ttl >= 1 && p.ttl <= MDA_TTL_MAX);
			assert_true(p.flow < MDA_FLOWS_MAX);
			r->n_sent++;
			r->flying[r->n_flying].probe = p;
			r->flying[r->n_flying++].due_us = r->now_us + 40 * MS;
			continue;
		}
		assert_true(r->n_flying > 0 || until_us < INT64_MAX);
		assert_true(until_us > r->now_us);
		if (r->n_flying > 0 && r->flying[0].due_us <= until_us) {
			r->now_us = r->flying[0].due_us;
			p = r->flying[0].probe;
			r->n_flying--;
			memmove(&r->flying[0], &r->flying[1],
			    r->n_flying * sizeof r->flying[0]);
			deliver(r, &p);
		} else
			r->now_us = until_us;
	}
}

/* Builders. */

static void
all_to_all(struct net *n, unsigned t)
{
	for (unsigned i = 0; i < n->width[t]; i++)
		n->edge[t][i] = (1U << n->width[t + 1]) - 1;
}

/* Nodes are dealt out to those before, as evenly as it goes, without mesh. */
static void
deal(struct net *n, unsigned t)
{
	unsigned a = n->width[t], b = n->width[t + 1];

	for (unsigned i = 0; i < a; i++)
		n->edge[t][i] = 0;
	for (unsigned i = 0; i < (a > b ? a : b); i++)
		n->edge[t][i % a] |= 1U << i % b;
}

/* Widths by layer, 0 ends; every layer dealt. */
static struct net
layers(const unsigned *widths)
{
	struct net n = { 0 };

	for (; widths[n.depth] != 0; n.depth++)
		n.width[n.depth + 1] = widths[n.depth];
	for (unsigned t = 1; t < n.depth; t++)
		deal(&n, t);
	return n;
}

#define LAYERS(...) layers((const unsigned[]){ __VA_ARGS__, 0 })

static int
index_of(const struct net *n, unsigned t, const struct addr *a)
{
	for (unsigned i = 0; i < n->width[t]; i++) {
		struct addr b = address_of(n, t, i);

		if (addr_equal(a, &b))
			return (int)i;
	}
	return -1;
}

/* Links that the network does not have. */
static unsigned
false_links(const struct run *r)
{
	const struct net *n = r->net;
	unsigned n_false = 0;

	for (unsigned t = 1; t < MDA_TTL_MAX; t++) {
		const struct mda_link *l;

		for (unsigned i = 0; (l = mda_link(r->m, t, i)) != NULL; i++) {
			const struct mda_node *a = mda_node(r->m, t, l->from);
			const struct mda_node *b = mda_node(r->m, t + 1, l->to);
			int x = t < n->depth ? index_of(n, t, &a->address) : -1;
			int y =
			    t < n->depth ? index_of(n, t + 1, &b->address) : -1;

			n_false += x < 0 || y < 0 || !(n->edge[t][x] >> y & 1);
		}
	}
	return n_false;
}

/* Nodes and links of the network that were not found. */
static unsigned
missed(const struct run *r)
{
	const struct net *n = r->net;
	unsigned n_missed = 0;

	for (unsigned t = 1; t <= n->depth; t++) {
		unsigned n_found = 0, n_links = 0, n_edges = 0;

		for (unsigned i = 0; i < mda_n_nodes(r->m, t); i++)
			n_found += mda_node(r->m, t, i)->address.family != 0;
		n_missed += n->width[t] - n_found;
		for (unsigned i = 0; t < n->depth && i < n->width[t]; i++)
			n_edges += (unsigned)__builtin_popcount(n->edge[t][i]);
		while (t < n->depth && mda_link(r->m, t, n_links) != NULL)
			n_links++;
		n_missed += n_edges - n_links;
	}
	return n_missed;
}

static struct mda *
new_mda(void)
{
	struct mda *m = malloc(sizeof *m);

	assert_non_null(m);
	return m;
}

static void
test_published_stopping_points(void **state)
{
	static const unsigned want[] = { 6, 11, 16, 21, 27, 33, 39 };

	(void)state;
	for (unsigned k = 1; k <= T_LEN(want); k++)
		assert_int_equal(mda_stopping_point(k, 0.05), want[k - 1]);
}

/* A single path: six packets to each hop, one link between. */
static void
test_a_single_path(void **state)
{
	struct mda *m = new_mda();
	struct net n = LAYERS(1, 1, 1, 1);
	struct run r;

	(void)state;
	start(&r, &n, m, 1, NULL);
	trace(&r);
	assert_int_equal(m->end, MDA_COMPLETE);
	assert_int_equal(r.n_sent, 24);
	assert_int_equal(mda_n_ttls(m), 4);
	assert_int_equal(missed(&r), 0);
	assert_int_equal(false_links(&r), 0);
	assert_true(mda_node(m, 4, 0)->is_target);
	assert_int_equal(mda_node(m, 3, 0)->rtt_min_us, 30 * MS);
	free(m);
}

/* Shapes that must be found whole in most runs, and never with a false link. */
static const struct shape {
	const char *name;
	unsigned widths[DEPTH];
	unsigned mesh; /* layers whose nodes know all of the next: bits */
	unsigned loss;
	unsigned whole; /* runs of 100 that find all, at least */
} shapes[] = {
	{ "diamond of 2", { 1, 2, 1 }, 0, 0, 90 },
	{ "diamond of 3", { 1, 3, 1, 1 }, 0, 0, 90 },
	{ "diamond of 8", { 1, 8, 1 }, 0, 0, 90 },
	{ "diamond of 16", { 1, 16, 1 }, 0, 0, 85 },
	{ "long diamond", { 1, 2, 2, 2, 1 }, 0, 0, 85 },
	{ "nested", { 1, 2, 4, 2, 1 }, 0, 0, 80 },
	{ "wide nested", { 1, 2, 6, 12, 1 }, 0, 0, 70 },
	{ "two in a row", { 1, 3, 1, 4, 1 }, 0, 0, 85 },
	{ "meshed", { 1, 4, 4, 1 }, 1U << 2, 0, 70 },
	{ "at the first hop's next, wide target side", { 1, 1, 5, 5, 1 },
	    1U << 3, 0, 65 },
	{ "diamond of 4, losses", { 1, 4, 1, 1 }, 0, 10, 85 },
	{ "nested, losses", { 1, 2, 4, 2, 1 }, 0, 10, 75 },
};

static void
test_shapes(void **state)
{
	struct mda *m = new_mda();

	(void)state;
	for (size_t i = 0; i < T_LEN(shapes); i++) {
		struct net n = layers(shapes[i].widths);
		unsigned n_whole = 0, n_false = 0, n_marked = 0, n_most = 0;

		n.loss_percent = shapes[i].loss;
		for (unsigned t = 1; t < n.depth; t++) {
			if (shapes[i].mesh >> t & 1)
				all_to_all(&n, t);
		}
		for (unsigned seed = 0; seed < 100; seed++) {
			struct run r;

			start(&r, &n, m, seed * 1000 + i, NULL);
			trace(&r);
			n_whole += missed(&r) == 0;
			n_false += false_links(&r);
			n_most = r.n_sent > n_most ? r.n_sent : n_most;
			for (unsigned t = 1; t <= n.depth; t++)
				n_marked += mda_is_per_packet(m, t);
		}
		T_CHECK(n_false == 0, "%s: %u false links", shapes[i].name,
		    n_false);
		T_CHECK(
		    n_marked == 0, "%s: %u marked", shapes[i].name, n_marked);
		T_CHECK(n_whole >= shapes[i].whole, "%s: %u of 100 whole",
		    shapes[i].name, n_whole);
		T_CHECK(
		    n_most <= 2500, "%s: %u packets", shapes[i].name, n_most);
		print_message("%-45s whole %3u%%, at most %u packets\n",
		    shapes[i].name, n_whole, n_most);
	}
	free(m);
}

/* One branch is a hop longer: the node after it stands at two TTLs. */
static void
test_an_asymmetric_diamond(void **state)
{
	struct mda *m = new_mda();
	unsigned n_whole = 0, n_false = 0;
	struct net n = LAYERS(1, 2, 2, 2, 1);

	(void)state;
	/* A -> B, C; C -> D; B and D -> E: at TTL 3 stand E (by B) and D. */
	n.alias[4][1] = 3; /* at TTL 4, by D: the E of TTL 3 */
	n.width[4] = 2;
	n.edge[3][0] = 1U << 0; /* E (3,0) -> F (4,0) */
	n.edge[3][1] = 1U << 1; /* D (3,1) -> E again (4,1) */
	for (unsigned seed = 0; seed < 200; seed++) {
		struct run r;

		start(&r, &n, m, seed, NULL);
		trace(&r);
		n_whole += missed(&r) == 0;
		n_false += false_links(&r);
	}
	assert_int_equal(n_false, 0);
	assert_true(n_whole >= 170);
	free(m);
}

/* A silent router beside one that answers: what is behind it is found, and no
 * link goes through the silence. */
static void
test_silent_hops(void **state)
{
	struct mda *m = new_mda();
	struct net n = LAYERS(1, 2, 2, 1);
	unsigned n_found = 0, n_false = 0, n_links = 0;

	(void)state;
	n.is_silent[2][1] = true;
	for (unsigned seed = 0; seed < 100; seed++) {
		struct run r;

		start(&r, &n, m, seed, NULL);
		trace(&r);
		n_false += false_links(&r);
		n_found += mda_n_nodes(m, 2) == 2 && mda_n_nodes(m, 3) == 2;
		for (unsigned t = 1; t < 4; t++) {
			while (mda_link(m, t, n_links) != NULL)
				n_links++;
			T_CHECK(n_links <= 2, "%u links from %u", n_links, t);
			n_links = 0;
		}
	}
	assert_int_equal(n_false, 0);
	assert_true(n_found >= 90);
	free(m);
}

static void
test_a_silent_target_ends_it(void **state)
{
	struct mda *m = new_mda();
	struct net n = LAYERS(1, 1, 1);
	struct run r;

	(void)state;
	n.is_unreachable = true;
	start(&r, &n, m, 3, NULL);
	trace(&r);
	assert_int_equal(m->end, MDA_SILENT_END);
	assert_int_equal(mda_n_ttls(m), 2 + MDA_SILENT_MAX);
	assert_int_equal(false_links(&r), 0);
	assert_true(r.n_sent < 200);
	free(m);
}

/* Balanced by packet, evenly or not, over branches of two hops that do not
 * mix: links between them would be invented.  None is. */
static void
test_per_packet(void **state)
{
	static const unsigned shares[] = { 0, 60, 75, 90, 97 };
	struct mda *m = new_mda();

	(void)state;
	for (size_t i = 0; i < T_LEN(shares); i++) {
		unsigned n_false = 0, n_marked = 0, n_several = 0;

		for (unsigned seed = 0; seed < 400; seed++) {
			struct net n = LAYERS(1, 1, 2, 2, 1, 1);
			struct run r;

			n.is_per_packet[2][0] = true;
			n.heavy = shares[i];
			start(&r, &n, m, seed, NULL);
			trace(&r);
			n_false += false_links(&r);
			n_several += mda_n_nodes(m, 3) > 1;
			n_marked += mda_is_per_packet(m, 3);
			/* What is before and behind stays. */
			assert_non_null(mda_link(m, 1, 0));
			assert_non_null(mda_link(m, 5, 0));
		}
		T_CHECK(n_false == 0, "share %u: %u false links", shares[i],
		    n_false);
		print_message("first way %2u%%: several nodes in %u of 400, "
			      "marked in %u\n",
		    shares[i] == 0 ? 50 : shares[i], n_several, n_marked);
		T_CHECK(n_marked >= n_several * 95 / 100,
		    "share %u: marked in %u of %u", shares[i], n_marked,
		    n_several);
	}
	free(m);
}

/* The same by a router that deals packets out in turn, over 2 to 4 branches,
 * with one packet under way and with many. */
static void
test_per_packet_in_turn(void **state)
{
	static const uint16_t active[] = { 1, 2, 3, 16 };
	struct mda *m = new_mda();

	(void)state;
	for (unsigned w = 2; w <= 4; w++) {
		for (size_t i = 0; i < T_LEN(active); i++) {
			unsigned n_false = 0, n_marked = 0;

			for (unsigned seed = 0; seed < 300; seed++) {
				struct net n = LAYERS(1, 1, w, w, 1, 1);
				struct mda_params p = mda_defaults;
				struct run r;

				p.max_active = active[i];
				n.is_per_packet[2][0] = true;
				n.is_in_turn = true;
				n.loss_percent = seed % 2;
				start(&r, &n, m, seed, &p);
				r.turn[2][0] = seed;
				trace(&r);
				n_false += false_links(&r);
				n_marked += mda_is_per_packet(m, 3) ||
					    mda_is_per_packet(m, 4);
			}
			T_CHECK(n_false == 0, "%u ways, %u active: %u false", w,
			    active[i], n_false);
			T_CHECK(n_marked == 300,
			    "%u ways, %u active: %u marked", w, active[i],
			    n_marked);
		}
	}
	free(m);
}

/* By packet at one hop, by flow at another: only the first is marked. */
static void
test_both_kinds(void **state)
{
	struct mda *m = new_mda();
	unsigned n_false = 0, n_marked = 0, n_wrong = 0;

	(void)state;
	for (unsigned seed = 0; seed < 200; seed++) {
		struct net n = LAYERS(1, 2, 1, 3, 1, 1);
		struct run r;

		n.is_per_packet[3][0] = true;
		start(&r, &n, m, seed, NULL);
		trace(&r);
		n_false += false_links(&r);
		n_marked += mda_is_per_packet(m, 4);
		n_wrong += mda_is_per_packet(m, 2);
	}
	assert_int_equal(n_false, 0);
	assert_int_equal(n_wrong, 0);
	assert_true(n_marked >= 199);
	free(m);
}

/* The exact chance to stop before all of w even next hops are met. */
static double
chance_to_miss(unsigned w, double error)
{
	double p[WIDTH + 1] = { 0 }; /* p[k]: k are known, not stopped */
	double miss = 0;
	unsigned n = 0;

	for (p[0] = 1; n < 200; n++) {
		for (unsigned k = 1; k < w; k++) {
			if (n >= mda_stopping_point(k, error)) {
				miss += p[k];
				p[k] = 0;
			}
		}
		for (unsigned k = w; k > 0; k--)
			p[k] = p[k] * k / w + p[k - 1] * (w - k + 1) / w;
		p[0] = 0;
	}
	return miss;
}

/* A fan of w behind one hop, and nothing behind it that could help: the share
 * of runs that miss one is what the stopping points promise. */
static void
test_the_chance_to_miss_is_as_published(void **state)
{
	enum { RUNS = 3000 };
	struct mda *m = new_mda();

	(void)state;
	for (unsigned w = 2; w <= 6; w++) {
		struct net n = LAYERS(1, w, 1);
		struct mda_params p = mda_defaults;
		double want = chance_to_miss(w, 0.05), got;
		double sigma = sqrt(want * (1 - want) / RUNS);
		unsigned n_missed = 0;

		p.last_ttl = 2;
		for (unsigned seed = 0; seed < RUNS; seed++) {
			struct run r;

			start(&r, &n, m, seed, &p);
			trace(&r);
			n_missed += mda_n_nodes(m, 2) != w;
		}
		got = (double)n_missed / RUNS;
		print_message(
		    "fan of %u: %.4f missed, %.4f expected\n", w, got, want);
		assert_true(want <= 0.05);
		T_CHECK(fabs(got - want) < 4 * sigma,
		    "fan of %u: %.4f missed, %.4f expected", w, got, want);
	}
	free(m);
}

/* Caps hold whatever the network is, and it ends. */
static void
test_caps(void **state)
{
	static const struct {
		enum mda_end want;
		uint32_t packets;
		uint16_t flows;
		int64_t deadline_us;
	} caps[] = {
		{ MDA_OUT_OF_PACKETS, 50, 512, 0 },
		{ MDA_OUT_OF_FLOWS, 5000, 8, 0 },
		{ MDA_OUT_OF_TIME, 5000, 512, 300 * MS },
	};
	struct mda *m = new_mda();
	struct net n = LAYERS(1, 6, 6, 6, 1);

	(void)state;
	all_to_all(&n, 2);
	all_to_all(&n, 3);
	for (size_t i = 0; i < T_LEN(caps); i++) {
		struct mda_params p = mda_defaults;
		struct run r;

		p.max_packets = caps[i].packets;
		p.max_flows = caps[i].flows;
		p.deadline_us = caps[i].deadline_us;
		start(&r, &n, m, 5, &p);
		trace(&r);
		T_CHECK(
		    m->end == caps[i].want, "%zu: %s", i, mda_end_name(m->end));
		assert_true(r.n_sent <= caps[i].packets);
		assert_true(m->n_flows <= caps[i].flows);
		assert_int_equal(false_links(&r), 0);
	}
	free(m);
}

/* More nodes than there is room for. */
static void
test_an_endless_hop(void **state)
{
	struct mda *m = new_mda();
	struct mda_probe p;
	int64_t until_us, now_us = 0;
	uint32_t n = 0;
	enum mda_step step;

	(void)state;
	mda_init(m, NULL);
	while ((step = mda_next(m, now_us, &p, &until_us)) != MDA_DONE) {
		struct addr a = { .family = 6 };

		if (step == MDA_WAIT) {
			now_us = until_us;
			continue;
		}
		n++;
		memcpy(a.bytes, &n, sizeof n);
		mda_reply(m, p.ttl, p.flow, &a, MS, false, false);
		assert_true(n <= m->params.max_packets);
	}
	assert_true(m->end != MDA_COMPLETE);
	free(m);
}

/* Replies nobody waits for, and those out of range, change nothing. */
static void
test_stray_replies(void **state)
{
	struct mda *m = new_mda();
	struct mda_probe p;
	int64_t until_us;
	struct addr a = { .family = 4, .bytes = { 10 } };

	(void)state;
	mda_init(m, NULL);
	assert_int_equal(mda_next(m, 0, &p, &until_us), MDA_SEND);
	mda_reply(m, 0, 0, &a, MS, false, false);
	mda_reply(m, 33, 0, &a, MS, false, false);
	mda_reply(m, 255, 65535, &a, MS, false, false);
	mda_reply(m, 2, 0, &a, MS, false, false);
	mda_silent(m, 1, 9);
	assert_int_equal(mda_n_ttls(m), 0);
	mda_reply(m, 1, 0, &a, MS, false, false);
	a.bytes[1] = 9;
	mda_reply(m, 1, 0, &a, MS, false, false);
	assert_int_equal(mda_n_nodes(m, 1), 1);
	assert_int_equal(m->n_active, 0);
	assert_null(mda_node(m, 1, 1));
	assert_null(mda_link(m, 32, 0));
	free(m);
}

/* Two packets to one TTL keep their distance; after a silence a longer one. */
static void
test_hops_are_spared(void **state)
{
	struct mda *m = new_mda();
	struct mda_probe p;
	int64_t until_us = 0;
	struct addr a = { .family = 4, .bytes = { 10 } };

	(void)state;
	mda_init(m, NULL);
	assert_int_equal(mda_next(m, 0, &p, &until_us), MDA_SEND);
	assert_int_equal(mda_next(m, 5 * MS, &p, &until_us), MDA_WAIT);
	assert_int_equal(until_us, 10 * MS);
	assert_int_equal(mda_next(m, 10 * MS, &p, &until_us), MDA_SEND);
	mda_reply(m, 1, 0, &a, MS, true, true);
	mda_silent(m, 1, 1);
	assert_int_equal(mda_next(m, 30 * MS, &p, &until_us), MDA_WAIT);
	assert_int_equal(until_us, 1010 * MS);
	assert_int_equal(mda_next(m, until_us, &p, &until_us), MDA_SEND);
	assert_int_equal(p.flow, 1);
	assert_int_equal(p.attempt, 2);
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_stopping_points),
		cmocka_unit_test(test_a_single_path),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_an_asymmetric_diamond),
		cmocka_unit_test(test_silent_hops),
		cmocka_unit_test(test_a_silent_target_ends_it),
		cmocka_unit_test(test_per_packet),
		cmocka_unit_test(test_per_packet_in_turn),
		cmocka_unit_test(test_both_kinds),
		cmocka_unit_test(test_the_chance_to_miss_is_as_published),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_an_endless_hop),
		cmocka_unit_test(test_stray_replies),
		cmocka_unit_test(test_hops_are_spared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

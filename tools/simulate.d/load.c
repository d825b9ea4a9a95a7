/* load.c - see load.h. */
#include "tools/simulate.d/load.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "tools/simulate.d/internet.h"

#define SITES 6
#define LOSS 0.01

/* One connection, and the hosts whose batches go by it. */
struct courier {
	pthread_t thread;
	const struct load_plan *plan;
	const struct internet *net;
	CURL *curl;
	size_t first, n; /* hosts */
	struct client *clients;
	uint64_t *seqs;
	uint64_t random;
	int64_t begin_us; /* monotonic */
	double *ms;       /* of each batch */
	size_t n_ms, cap_ms;
	struct load_result result;
};

static struct addr
target_of(size_t i)
{
	char text[ADDR_TEXT_LEN];
	struct addr a;

	if (i % 2 == 0)
		snprintf(text, sizeof text, "192.0.2.%zu", i / 2 + 1);
	else
		snprintf(text, sizeof text, "2001:db8:53::%zx", i / 2 + 1);
	if (addr_parse(&a, text) != RC_OK)
		abort();
	return a;
}

void
load_print_config(const struct load_plan *p)
{
	char v4[ADDR_TEXT_LEN], v6[ADDR_TEXT_LEN];

	/* The whole fleet has one address. */
	puts("limits {\n\trequests_per_address = 0\n\trequests_per_asn = 0\n"
	     "\tenrolments_per_address = 0\n\tenrolments_per_asn = 0\n}");
	for (size_t i = 0; i < (size_t)p->n_targets; i += 2) {
		struct addr a = target_of(i), b = target_of(i + 1);

		printf("service \"sim-%zu\" {\n\tzone = "
		       "\"example.net\"\n\taddresses = { \"%s\", \"%s\" }"
		       "\n\tidentity = { \"ns*.{site}\" }\n\tdns_every = "
		       "%llds\n",
		    i / 2 + 1, addr_format(&a, v4), addr_format(&b, v6),
		    (long long)(p->period_us / US_PER_S));
		for (size_t k = 0; k < SITES; k++)
			printf("\tsite \"s%zu\" { }\n", k + 1);
		printf("}\n");
	}
}

static struct observation
answer(struct courier *c, size_t host, size_t target, int64_t at_us)
{
	size_t vantage = 2 * host + target % 2;
	size_t site = internet_landing(c->net, vantage);
	struct observation o = { .seq = ++c->seqs[host - c->first],
		.at_us = at_us,
		.kind = KIND_DNS,
		.outcome = OUTCOME_OK,
		.target = target_of(target),
		.port = 53 };
	char name[16];

	o.dns.source_port = 33000;
	if (random_share(&c->random) < LOSS) {
		o.outcome = OUTCOME_TIMEOUT;
		return o;
	}
	snprintf(name, sizeof name, "ns1.s%zu", site + 1);
	identity_set(&o.dns.nsid, name, strlen(name));
	o.dns.rtt_us = c->net->vantages[vantage].rtt_us[site] +
		       (int64_t)random_below(&c->random, 2000);
	o.dns.is_aa = o.dns.has_reply_ttl = o.dns.has_serial = true;
	o.dns.reply_ttl = 55;
	o.dns.serial = 2026112101;
	o.dns.size_bytes = 120;
	return o;
}

static void
note(struct courier *c, long status, int64_t begun_us, size_t n)
{
	if (c->n_ms == c->cap_ms) {
		c->cap_ms = 2 * c->cap_ms + 1024;
		c->ms = mem_grow(c->ms, c->cap_ms, sizeof *c->ms);
	}
	c->ms[c->n_ms++] = (double)(clock_mono_us() - begun_us) / 1000;
	c->result.n_batches++;
	if (status == 200)
		c->result.n_observations += (int64_t)n;
	else
		c->result.n_refused++;
}

/* What the host has asked in the last interval: of all targets, a part. */
static void
upload(struct courier *c, size_t host, int64_t turn)
{
	const struct load_plan *p = c->plan;
	size_t n = 0, parts = (size_t)(p->period_us / p->upload_us);
	struct observation *list = mem_new((size_t)p->n_targets * sizeof *list);
	int64_t now_us = clock_wall_us(), begun_us;
	struct client_post post;

	for (size_t i = 0; i < (size_t)p->n_targets; i++) {
		if ((i / 2 + (size_t)turn) % parts == 0)
			list[n++] = answer(c, host, i,
			    now_us - (int64_t)i * p->upload_us / p->n_targets);
	}
	if (n > 0) {
		client_batch(
		    &post, &c->clients[host - c->first], list[0].seq, list, n);
		begun_us = clock_mono_us();
		if (p->is_fresh)
			curl_easy_setopt(c->curl, CURLOPT_FRESH_CONNECT, 1L);
		note(c, client_send(c->curl, &p->server, "/v1/batches", &post),
		    begun_us, n);
		client_post_fini(&post);
	}
	free(list);
}

static void
sleep_us(int64_t us)
{
	struct timespec t = { us / US_PER_S, us % US_PER_S * 1000 };

	nanosleep(&t, NULL);
}

static void *
carry(void *ctx)
{
	struct courier *c = ctx;
	const struct load_plan *p = c->plan;

	for (int64_t turn = 0; turn * p->upload_us < p->for_us; turn++) {
		for (size_t i = 0; i < c->n; i++) {
			int64_t due_us =
			    c->begin_us + turn * p->upload_us +
			    (int64_t)i * p->upload_us / (int64_t)c->n;
			int64_t wait_us = due_us - clock_mono_us();

			if (wait_us > 0)
				sleep_us(wait_us);
			c->result.late_s =
			    (double)(clock_mono_us() - due_us) / 1e6;
			upload(c, c->first + i, turn);
		}
	}
	return NULL;
}

static void *
enrol(void *ctx)
{
	struct courier *c = ctx;

	for (size_t i = 0; i < c->n; i++)
		client_enroll(&c->clients[i], c->curl, &c->plan->server,
		    c->net->vantages[2 * (c->first + i)].asn);
	return NULL;
}

static void
run_all(struct courier *list, size_t n, void *(*work)(void *))
{
	for (size_t i = 0; i < n; i++)
		if (pthread_create(&list[i].thread, NULL, work, &list[i]) != 0)
			abort();
	for (size_t i = 0; i < n; i++)
		pthread_join(list[i].thread, NULL);
}

static void
share_hosts(
    struct courier *list, const struct load_plan *p, const struct internet *net)
{
	size_t n = (size_t)p->n_connections, hosts = (size_t)p->n_hosts;

	for (size_t i = 0; i < n; i++) {
		struct courier *c = &list[i];

		*c = (struct courier){ .plan = p,
			.net = net,
			.curl = curl_easy_init(),
			.first = hosts * i / n,
			.n = hosts * (i + 1) / n - hosts * i / n,
			.random = p->seed + i };
		c->clients = mem_new((c->n + 1) * sizeof *c->clients);
		c->seqs = mem_new((c->n + 1) * sizeof *c->seqs);
	}
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
sum_up(struct courier *list, size_t n, struct load_result *out)
{
	double *all = NULL;
	size_t n_all = 0;

	for (size_t i = 0; i < n; i++) {
		struct courier *c = &list[i];

		all = mem_grow(all, n_all + c->n_ms + 1, sizeof *all);
		if (c->n_ms > 0)
			memcpy(all + n_all, c->ms, c->n_ms * sizeof *all);
		n_all += c->n_ms;
		out->n_batches += c->result.n_batches;
		out->n_observations += c->result.n_observations;
		out->n_refused += c->result.n_refused;
		if (c->result.late_s > out->late_s)
			out->late_s = c->result.late_s;
		curl_easy_cleanup(c->curl);
		free(c->clients);
		free(c->seqs);
		free(c->ms);
	}
	if (n_all > 0) {
		qsort(all, n_all, sizeof *all, by_size);
		out->p50_ms = all[n_all / 2];
		out->p99_ms = all[n_all * 99 / 100];
		out->worst_ms = all[n_all - 1];
	}
	free(all);
}

void
load_run(const struct load_plan *p, struct load_result *out)
{
	static struct internet net;
	struct internet_plan plan = { .seed = p->seed,
		.n_hosts = (size_t)p->n_hosts,
		.n_asns = (size_t)(p->n_hosts * 7 + 9) / 10,
		.n_sites = SITES,
		.share = 0.2,
		.loss = LOSS,
		.every_us = p->period_us,
		.is_calm = true };
	size_t n = (size_t)p->n_connections;
	struct courier *list = mem_new(n * sizeof *list);
	int64_t begun_us = clock_mono_us();

	*out = (struct load_result){ 0 };
	curl_global_init(CURL_GLOBAL_DEFAULT);
	internet_init(&net, &plan);
	share_hosts(list, p, &net);
	run_all(list, n, enrol);
	out->enrol_seconds = (double)(clock_mono_us() - begun_us) / 1e6;
	begun_us = clock_mono_us();
	for (size_t i = 0; i < n; i++)
		list[i].begin_us = begun_us;
	run_all(list, n, carry);
	out->seconds = (double)(clock_mono_us() - begun_us) / 1e6;
	sum_up(list, n, out);
	free(list);
	internet_fini(&net);
}

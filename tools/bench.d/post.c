/*
 * post.c - many probes that upload at once, for the benchmark.
 *
 * usage: post URL CA-FILE TOKEN PROBES BATCHES PER_BATCH
 * Each probe enrols, prepares its batches (real records, compressed, signed),
 * and when all are ready, posts them one after another on one connection.
 * Prints the seconds from the first post to the last answer.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "tools/bench.d/bench.h"
#include "tools/simulate.d/client.h"

#define MAX_PROBES 128 /* the collector lets one address have as many */

struct probe {
	pthread_t thread;
	CURL *curl;
	struct client client;
	struct client_post *posts;
	int64_t n_refused;
};

static struct client_server server;
static int64_t n_batches, per_batch;

static void
prepare(struct probe *p, struct client_post *post, uint64_t first)
{
	struct observation *list = mem_new((size_t)per_batch * sizeof *list);

	for (int64_t i = 0; i < per_batch; i++)
		list[i] = bench_answer(first + (uint64_t)i);
	client_batch(post, &p->client, first, list, (size_t)per_batch);
	free(list);
}

static void *
upload(void *ctx)
{
	struct probe *p = ctx;

	for (int64_t i = 0; i < n_batches; i++)
		p->n_refused += client_send(p->curl, &server, "/v1/batches",
				    &p->posts[i]) != 200;
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct probe probes[MAX_PROBES];
	int64_t n, begun, refused = 0;

	if (argc != 7) {
		fputs(
		    "usage: post URL CA-FILE TOKEN PROBES BATCHES PER_BATCH\n",
		    stderr);
		return 2;
	}
	server = (struct client_server){ argv[1], argv[2], argv[3] };
	n = atoll(argv[4]) < MAX_PROBES ? atoll(argv[4]) : MAX_PROBES;
	n_batches = atoll(argv[5]);
	per_batch = atoll(argv[6]);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	for (int64_t i = 0; i < n; i++) {
		probes[i].curl = curl_easy_init();
		client_enroll(&probes[i].client, probes[i].curl, &server, 0);
		probes[i].posts =
		    mem_new((size_t)n_batches * sizeof *probes[i].posts);
		for (int64_t b = 0; b < n_batches; b++)
			prepare(&probes[i], &probes[i].posts[b],
			    1 + (uint64_t)(b * per_batch));
	}
	begun = clock_mono_us();
	for (int64_t i = 0; i < n; i++)
		pthread_create(&probes[i].thread, NULL, upload, &probes[i]);
	for (int64_t i = 0; i < n; i++) {
		pthread_join(probes[i].thread, NULL);
		refused += probes[i].n_refused;
	}
	printf("%.3f\n", (double)(clock_mono_us() - begun) / 1e6);
	if (refused > 0)
		fprintf(
		    stderr, "post: %lld batches refused\n", (long long)refused);
	return refused > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

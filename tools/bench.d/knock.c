/*
 * knock.c - requests over many connections that stay open, for the benchmark.
 *
 * usage: knock URL CA-FILE CONNECTIONS REQUESTS BYTES
 * Each connection sends so many requests, 32 of them at a time: with a body of
 * so many bytes, or a GET without one.  The connections come from 127.0.0.1
 * and its neighbours, 100 from each.  When all is answered, prints how many
 * connections were made, and holds them until its input ends.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/mem.h"

#define PER_ADDRESS 100
#define AT_ONCE 32

static size_t
ignore(char *data, size_t size, size_t n, void *ctx)
{
	(void)data, (void)ctx;
	return size * n;
}

static CURL *
new_connection(const char *url, const char *ca, long i, struct curl_slist *list)
{
	CURL *c = curl_easy_init();
	char from[32];

	snprintf(from, sizeof from, "host!127.0.0.%ld", 1 + i / PER_ADDRESS);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_CAINFO, ca);
	curl_easy_setopt(c, CURLOPT_INTERFACE, from);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	return c;
}

static void
set_body(CURL *c, const char *body, long bytes)
{
	if (bytes == 0)
		return;
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, bytes);
}

static void
die(const char *what)
{
	fprintf(stderr, "knock: %s\n", what);
	exit(EXIT_FAILURE);
}

/* How many connections were made for what is over; all must be answered. */
static long
take_answers(CURLM *multi)
{
	long n_made = 0, n;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(multi, &left)) != NULL) {
		if (m->data.result != CURLE_OK)
			die(curl_easy_strerror(m->data.result));
		curl_easy_getinfo(m->easy_handle, CURLINFO_NUM_CONNECTS, &n);
		n_made += n;
	}
	return n_made;
}

/* One request on each of n connections. */
static long
request_all(CURLM *multi, CURL **all, long n)
{
	int running = 1;
	long n_made;

	for (long i = 0; i < n; i++)
		curl_multi_add_handle(multi, all[i]);
	while (running > 0) {
		if (curl_multi_perform(multi, &running) != CURLM_OK ||
		    curl_multi_poll(multi, NULL, 0, 1000, NULL) != CURLM_OK)
			die("curl cannot wait");
	}
	n_made = take_answers(multi);
	for (long i = 0; i < n; i++)
		curl_multi_remove_handle(multi, all[i]);
	return n_made;
}

int
main(int argc, char **argv)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	long n, n_requests, bytes, n_made = 0;
	CURLM *multi;
	CURL **all;
	char *body;

	if (argc != 6) {
		fputs("usage: knock URL CA-FILE CONNECTIONS REQUESTS BYTES\n",
		    stderr);
		return 2;
	}
	n = atol(argv[3]);
	n_requests = atol(argv[4]);
	bytes = atol(argv[5]);
	body = mem_new((size_t)bytes + 1);
	all = mem_new((size_t)(n + 1) * sizeof(CURL *));
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, n);
	for (long i = 0; i < n; i++) {
		all[i] = new_connection(argv[1], argv[2], i, list);
		set_body(all[i], body, bytes);
	}
	for (long r = 0; r < n_requests; r++)
		for (long i = 0; i < n; i += AT_ONCE)
			n_made += request_all(
			    multi, all + i, n - i < AT_ONCE ? n - i : AT_ONCE);
	printf("%ld\n", n_made);
	fflush(stdout);
	(void)getchar();
	for (long i = 0; i < n; i++)
		curl_easy_cleanup(all[i]);
	curl_multi_cleanup(multi);
	curl_slist_free_all(list);
	free(all);
	free(body);
	return EXIT_SUCCESS;
}

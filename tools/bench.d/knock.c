/*
 * knock.c - requests over many connections that stay open, for the benchmark.
 *
 * usage: knock URL CA-FILE CONNECTIONS REQUESTS BYTES
 * Each connection sends so many requests, one after the other: with a body of
 * so many bytes, or a GET without one.  The connections come from 127.0.0.1
 * and its neighbours, 100 from each.  When all is answered, prints how many
 * connections were made, and holds them until its input ends.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/mem.h"

#define PER_ADDRESS 100

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

	snprintf(from, sizeof from, "127.0.0.%ld", 1 + i / PER_ADDRESS);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_CAINFO, ca);
	curl_easy_setopt(c, CURLOPT_INTERFACE, from);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	return c;
}

static long
request(CURL *c, const char *body, long bytes)
{
	long n = 0;

	if (bytes > 0) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, bytes);
	}
	if (curl_easy_perform(c) != CURLE_OK) {
		fputs("knock: not answered\n", stderr);
		exit(EXIT_FAILURE);
	}
	curl_easy_getinfo(c, CURLINFO_NUM_CONNECTS, &n);
	return n;
}

int
main(int argc, char **argv)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	long n, n_requests, bytes, n_made = 0;
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
	for (long i = 0; i < n; i++)
		all[i] = new_connection(argv[1], argv[2], i, list);
	for (long r = 0; r < n_requests; r++)
		for (long i = 0; i < n; i++)
			n_made += request(all[i], body, bytes);
	printf("%ld\n", n_made);
	fflush(stdout);
	(void)getchar();
	for (long i = 0; i < n; i++)
		curl_easy_cleanup(all[i]);
	curl_slist_free_all(list);
	free(all);
	free(body);
	return EXIT_SUCCESS;
}

/*
 * client.h - an enrolled probe that posts batches.                   (edge)
 *
 * Uses     libcurl, libzstd, schema/signature.h, pack.h, wire.h
 * Used by  load, tools/bench.d/post.c
 *
 * What cannot go on says so on standard error and exits: these are tools.
 */
#ifndef SIMULATE_CLIENT_H
#define SIMULATE_CLIENT_H

#include <curl/curl.h>
#include <stdint.h>

#include "schema/record.h"
#include "schema/signature.h"

struct client_server {
	const char *url;     /* https://name:port */
	const char *ca_file; /* NULL: the system's */
	const char *token;
};

struct client {
	struct signing_key key;
	char id[PROBE_ID_LEN + 1];
};

struct client_post {
	char *body;
	size_t len;
	struct curl_slist *headers;
};

/* Makes a key and enrols it by a connection. */
void client_enroll(
    struct client *c, CURL *curl, const struct client_server *s, uint32_t asn);

/* Packs and signs a batch: a header and the n observations, whose seqs must be
 * first_seq and on.  Gives *out: client_post_fini. */
void client_batch(struct client_post *out, const struct client *c,
    uint64_t first_seq, const struct observation *list, size_t n);
void client_post_fini(struct client_post *p);

/* The HTTP status; 0: there was no answer. */
long client_send(CURL *curl, const struct client_server *s, const char *path,
    const struct client_post *p);

#endif

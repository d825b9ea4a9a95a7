/*
 * fuzz_site_report.c - any bytes as the body of POST /v1/site, and as what FRR
 * and GoBGP print.
 *
 * Holds: a report that is read can be written, and is read again as the same;
 * its texts are printable.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/route_json.h"
#include "schema/site_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text)
{
	for (; *text != '\0'; text++)
		assert(*text >= 0x20 && *text < 0x7f);
}

static void
check_report(const char *text, size_t size)
{
	static struct site_report r, again;
	char *written, *rewritten;

	if (site_report_decode(&r, text, size, NULL) != RC_OK)
		return;
	check_text(r.site);
	check_text(r.service);
	for (size_t i = 0; i < r.n; i++) {
		check_text(r.families[i].announced.why);
		check_text(r.families[i].healthy.why);
	}
	written = site_report_encode(&r);
	assert(site_report_decode(&again, written, strlen(written), NULL) ==
	       RC_OK);
	rewritten = site_report_encode(&again);
	assert(strcmp(written, rewritten) == 0);
	free(rewritten);
	free(written);
}

static void
check_routes(const char *text, size_t size)
{
	static struct route_peers peers;
	struct prefix p;
	bool has_prefix;

	assert(prefix_parse(&p, "192.0.2.0/24", 12) == RC_OK);
	if (route_read_frr(&peers, &p, text, size) == RC_OK)
		assert(peers.n <= ROUTE_PEERS_MAX);
	if (route_read_gobgp_peers(&peers, text, size) == RC_OK)
		assert(peers.n <= ROUTE_PEERS_MAX);
	(void)!route_read_gobgp(&has_prefix, &p, text, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_report((const char *)data, size);
	check_routes((const char *)data, size);
	return 0;
}

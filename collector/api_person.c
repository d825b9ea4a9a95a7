/*
 * api_person.c - may this person look?  See api_answer.h.
 *
 * Who must show a password or a token is anybody, once the configuration has
 * one.  Where it has none, only this machine may look: a request that comes
 * from loopback, for a name of loopback (a page of the world that makes its
 * own name mean 127.0.0.1 has another), and through no proxy.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collector/api_answer.h"
#include "collector/settings.h"
#include "schema/base/clock.h"

#define CREDENTIAL_MAX 512

static const struct refusal refusal_not_here = { METRIC_N, 403, 0 };

static bool
is_from_loopback(const struct exchange *x)
{
	static const char *const of_proxies[] = { "Forwarded", "Via",
		"X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP" };
	struct addr from = exchange_source(x);

	for (size_t i = 0; i < sizeof of_proxies / sizeof of_proxies[0]; i++)
		if (exchange_header(x, of_proxies[i]) != NULL)
			return false;
	return addr_is_loopback(&from);
}

/* "localhost:8420", "127.0.0.1", "[::1]:8420" */
static bool
is_name_of_loopback(const char *host)
{
	char name[ADDR_TEXT_LEN + 2];
	struct addr address;
	size_t len;

	if (host == NULL)
		return false;
	len = strcspn(host, host[0] == '[' ? "]" : ":");
	if (host[0] == '[') {
		if (host[len] != ']')
			return false;
		host++;
		len--;
	}
	if (len == 0 || len >= sizeof name)
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	if (strcasecmp(name, "localhost") == 0)
		return true;
	return addr_parse(&address, name) == RC_OK &&
	       addr_is_loopback(&address);
}

/* In a time that tells nothing of where two texts differ, nor of want. */
static bool
is_same(const char *is, const char *want)
{
	unsigned char a[crypto_generichash_BYTES], b[crypto_generichash_BYTES];

	crypto_generichash(
	    a, sizeof a, (const unsigned char *)is, strlen(is), NULL, 0);
	crypto_generichash(
	    b, sizeof b, (const unsigned char *)want, strlen(want), NULL, 0);
	return sodium_memcmp(a, b, sizeof a) == 0;
}

/* RFC 7617: base64 of "user:password". */
static bool
is_user(const char *base64, const struct dashboard_settings *d)
{
	char shown[CREDENTIAL_MAX + 1], want[CREDENTIAL_MAX + 1];
	size_t len = 0;

	if (d->password == NULL ||
	    sodium_base642bin((unsigned char *)shown, CREDENTIAL_MAX, base64,
		strlen(base64), NULL, &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0)
		return false;
	shown[len] = '\0';
	snprintf(want, sizeof want, "%s:%s", d->user, d->password);
	return strlen(shown) == len && is_same(shown, want);
}

static bool
shows_credential(const struct exchange *x, const struct dashboard_settings *d)
{
	const char *shown = exchange_header(x, "Authorization");

	if (shown == NULL || exchange_n_headers(x, "Authorization") != 1)
		return false;
	if (strncasecmp(shown, "Basic ", 6) == 0)
		return is_user(shown + 6, d);
	/* RFC 6750 */
	return strncasecmp(shown, "Bearer ", 7) == 0 && d->token != NULL &&
	       is_same(shown + 7, d->token);
}

static void
ask_for_credential(struct api *a, struct exchange *x, bool by_password)
{
	static const char body[] =
	    "{\"error\":\"the dashboard's password or token is needed\"}";
	struct addr from = exchange_source(x);
	unsigned wait_s = 0;

	/* Guessing is held up; asking without one is how a browser begins. */
	if (exchange_header(x, "Authorization") != NULL)
		wait_s = gate_enrolment(a->gate, &from, clock_mono_us());
	if (wait_s > 0) {
		api_refuse_rate(a, x, wait_s);
		return;
	}
	exchange_answer(
	    x, &(struct answer){ .status = 401,
		   .body = body,
		   .len = sizeof body - 1,
		   .challenge = by_password ? "Basic realm=\"catchwater\", "
					      "charset=\"UTF-8\""
					    : "Bearer" });
}

bool
api_admit_person(struct api *a, struct exchange *x)
{
	const struct dashboard_settings *d = &api_enter_settings(a)->dashboard;
	bool by_password = d->password != NULL;
	bool is_guarded = by_password || d->token != NULL;
	bool may = is_guarded
		       ? shows_credential(x, d)
		       : d->is_open || (is_from_loopback(x) &&
					   is_name_of_loopback(
					       exchange_header(x, "Host")));

	api_leave_settings(a);
	if (may)
		return true;
	if (is_guarded)
		ask_for_credential(a, x, by_password);
	else
		api_refuse(a, x, &refusal_not_here,
		    "only this machine may look, by the name localhost; "
		    "dashboard { password = ... } in catchwater.conf lets "
		    "others");
	return false;
}

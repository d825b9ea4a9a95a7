/* test_auth.c - who sent a request, and whether it is whole. */
#include "tests/unit/check.h"

#include <string.h>

#include "collector/auth.h"

struct fleet { /* of one probe */
	struct probe_row row;
	enum rc rc; /* what looking up gives, when not RC_OK */
};

static enum rc
find(void *ctx, const char *id, struct probe_row *out)
{
	struct fleet *f = ctx;

	if (f->rc != RC_OK)
		return f->rc;
	if (strcmp(id, f->row.id) != 0)
		return RC_NOTFOUND;
	*out = f->row;
	return RC_OK;
}

struct fixture {
	struct signing_key key;
	struct fleet fleet;
	char digest[SIGNATURE_HEADER_MAX];
	struct signature_headers headers;
	struct auth_request request;
};

static const char body[] = "what was measured";

static int
set_up(void **state)
{
	static struct fixture f;
	struct signed_request signed_request = {
		.method = "POST",
		.path = "/v1/batches",
		.content_digest = f.digest,
		.seq = "17",
	};

	memset(&f, 0, sizeof f);
	signature_new_key(&f.key);
	memcpy(f.fleet.row.public_key, f.key.public, sizeof f.key.public);
	signature_probe_id(f.key.public, f.fleet.row.id);
	signature_digest(body, sizeof body, f.digest);
	assert_int_equal(
	    signature_sign(&f.headers, &signed_request, &f.key, f.fleet.row.id),
	    RC_OK);
	f.request = (struct auth_request){ .method = "POST",
		.path = "/v1/batches",
		.content_digest = f.digest,
		.seq = "17",
		.input = f.headers.input,
		.signature = f.headers.signature,
		.body = body,
		.len = sizeof body };
	*state = &f;
	return 0;
}

static void
check(struct fixture *f, const char *name, enum auth want)
{
	struct probe_row row;
	enum auth got = auth_check(&f->request, find, &f->fleet, &row);

	T_CHECK(got == want, "%s: %s", name, auth_text(got));
}

static void
a_probe_is_known_by_its_key(void **state)
{
	struct fixture *f = *state;
	struct probe_row row = { 0 };

	assert_int_equal(
	    auth_check(&f->request, find, &f->fleet, &row), AUTH_OK);
	assert_string_equal(row.id, f->fleet.row.id);
	f->fleet.row.state = PROBE_QUARANTINED;
	check(f, "a quarantined one is let in", AUTH_OK);
}

static void
every_header_is_needed(void **state)
{
	struct fixture *f = *state;
	const char **headers[] = { &f->request.content_digest, &f->request.seq,
		&f->request.input, &f->request.signature };

	for (size_t i = 0; i < T_LEN(headers); i++) {
		const char *kept = *headers[i];

		*headers[i] = NULL;
		check(f, "a header is missing", AUTH_NO_SIGNATURE);
		*headers[i] = kept;
	}
	f->request.input = "sig1=()";
	check(f, "a signature of nothing", AUTH_NO_SIGNATURE);
}

static void
nothing_signed_can_be_changed(void **state)
{
	struct fixture *f = *state;
	struct auth_request good = f->request;

	f->request.method = "GET";
	check(f, "method", AUTH_SIGNATURE);
	f->request = good;
	f->request.path = "/v1/leave";
	check(f, "path", AUTH_SIGNATURE);
	f->request = good;
	f->request.seq = "18";
	check(f, "seq", AUTH_SIGNATURE);
	f->request = good;
	f->request.len--;
	check(f, "body", AUTH_DIGEST);
	f->request = good;
	check(f, "nothing changed", AUTH_OK);
}

static void
state_and_store_have_their_say(void **state)
{
	struct fixture *f = *state;

	f->fleet.row.state = PROBE_REVOKED;
	check(f, "revoked", AUTH_REVOKED);
	f->fleet.row.state = PROBE_LEFT;
	check(f, "left", AUTH_LEFT);
	f->fleet.rc = RC_NOTFOUND;
	check(f, "unknown", AUTH_UNKNOWN);
	f->fleet.rc = RC_DB;
	check(f, "not to be looked up", AUTH_STORE);
}

static void
a_new_key_proves_itself(void **state)
{
	struct fixture *f = *state;
	struct signing_key other;

	signature_new_key(&other);
	assert_int_equal(auth_check_key(&f->request, f->key.public), AUTH_OK);
	assert_int_equal(
	    auth_check_key(&f->request, other.public), AUTH_SIGNATURE);
	f->request.signature = NULL;
	assert_int_equal(
	    auth_check_key(&f->request, f->key.public), AUTH_NO_SIGNATURE);
}

#define FRESH(test) cmocka_unit_test_setup(test, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_probe_is_known_by_its_key),
		FRESH(every_header_is_needed),
		FRESH(nothing_signed_can_be_changed),
		FRESH(state_and_store_have_their_say),
		FRESH(a_new_key_proves_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_identity.c - templates find the site, or say why they cannot. */
#include "schema/identity.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/check.h"

static struct identity_template
parsed(const char *text)
{
	struct identity_template t;
	struct err err = ERR_NONE;

	T_CHECK(identity_template_parse(&t, text, &err) == RC_OK, "%s: %s",
	    text, err.text);
	return t;
}

static struct identity
identity_of(const char *text)
{
	struct identity id = { 0 };

	identity_set(&id, text, strlen(text));
	return id;
}

static const struct {
	const char *name;
	const char *text;
	enum rc rc;
	const char *says; /* part of the error */
} templates[] = {
	{ "site alone", "{site}", RC_OK, "" },
	{ "all fields", "{instance}.{site}.{metro}", RC_OK, "" },
	{ "stars and spaces", "server *.{site}*", RC_OK, "" },
	{ "nothing", "", RC_MALFORMED, "no {site}" },
	{ "no site", "ns{instance}.example", RC_MALFORMED, "no {site}" },
	{ "an unknown field", "{site}.{city}", RC_MALFORMED, "{city}" },
	{ "a field in upper case", "{SITE}", RC_MALFORMED, "{SITE}" },
	{ "an open brace", "ns{site", RC_MALFORMED, "{site" },
	{ "an open brace at the end", "{site}{", RC_MALFORMED, "expected" },
	{ "a lone closing brace", "{site}}", RC_MALFORMED, "'}'" },
	{ "a site twice", "{site}.{site}", RC_MALFORMED, "twice" },
	{ "a control byte", "{site}\n", RC_MALFORMED, "0x0a" },
	{ "a byte over ASCII", "{site}\xc3\xa4", RC_MALFORMED, "0xc3" },
};

static void
templates_are_checked_as_written(void **state)
{
	struct identity_template t;
	struct err err = ERR_NONE;
	char longer[TEMPLATE_TEXT_MAX + 2];

	(void)state;
	for (size_t i = 0; i < T_LEN(templates); i++) {
		enum rc rc;

		err = ERR_NONE;
		rc = identity_template_parse(&t, templates[i].text, &err);
		T_CHECK(rc == templates[i].rc, "%s: %s", templates[i].name,
		    err.text);
		T_CHECK(strstr(err.text, templates[i].says) != NULL, "%s: %s",
		    templates[i].name, err.text);
	}
	memset(longer, 'a', sizeof longer);
	memcpy(longer, "{site}", 6);
	longer[TEMPLATE_TEXT_MAX + 1] = '\0';
	assert_int_equal(identity_template_parse(&t, longer, &err), RC_RANGE);
	longer[TEMPLATE_TEXT_MAX] = '\0';
	assert_int_equal(identity_template_parse(&t, longer, &err), RC_OK);
	assert_string_equal(t.text, longer);
}

/* What servers of the root and others really answer. */
static const struct {
	const char *identity, *template, *site, *instance;
} real[] = {
	{ "n3.us-iad.root", "n{instance}.{site}.root", "us-iad", "3" },
	{ "n1a.sg-sin.root", "n{instance}.{site}.root", "sg-sin", "1a" },
	{ "rootns-lon9", "rootns-{site}", "lon9", "" },
	{ "nnn1-jptyo-1b", "nnn1-{site}-{instance}", "jptyo", "1b" },
	{ "b4-iad", "b{instance}-{site}", "iad", "4" },
	{ "jfk1b.c.root-servers.org", "{site}1b.c.root-servers.org", "jfk",
	    "" },
	{ "renv1.droot.maxgigapop.net", "{site}.droot.maxgigapop.net", "renv1",
	    "" },
	{ "c01.KIX.eroot", "{instance}.{site}.eroot", "kix", "c01" },
	{ "p01.lpb2.eroot", "{instance}.{site}.eroot", "lpb2", "p01" },
	{ "AMD.cf.f.root-servers.org", "{site}.cf.f.root-servers.org", "amd",
	    "" },
	{ "groot-eur2-2", "groot-{site}-{instance}", "eur2", "2" },
	{ "001.hkg.h.root-servers.org", "{instance}.{site}.h.root-servers.org",
	    "hkg", "001" },
	{ "s1.cdg", "s{instance}.{site}", "cdg", "1" },
	{ "ns1.cz-prg.k.ripe.net", "ns{instance}.{site}.k.ripe.net", "cz-prg",
	    "1" },
	{ "k3.ams-ix.k.ripe.net", "k{instance}.{site}.k.ripe.net", "ams-ix",
	    "3" },
	{ "cl-scl-aa", "{site}-{instance}", "cl", "scl-aa" },
	{ "M-CCU", "M-{site}", "ccu", "" },
	{ "waw03", "{site}03", "waw", "" },
	{ "gpdns-fra", "gpdns-{site}", "fra", "" },
	{ "res100.ams.rrdns.pch.net", "res{instance}.{site}.rrdns.pch.net",
	    "ams", "100" },
	{ "r2006.yyz", "r{instance}.{site}", "yyz", "2006" },
	{ "server m12.lon", "server m{instance}.{site}", "lon", "12" },
	{ "dns.ams.nic.fr", "dns.{site}.nic.fr", "ams", "" },
	{ "dns-decix-dns03.nic.cz", "dns-{site}-dns{instance}.nic.cz", "decix",
	    "03" },
	{ "id-02-FRA-05-at", "id-02-{site}-{instance}-at", "fra", "05" },
	{ "eqx-am-ns02-126191", "eqx-{site}-ns02-*", "am", "" },
	{ "tld-all-sto1@53024", "tld-all-{site}@*", "sto1", "" },
	{ "ns-1.de.nl1.knot", "ns-{instance}.de.{site}.*", "nl1", "1" },
};

static void
real_identities_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(real); i++) {
		struct identity_template t = parsed(real[i].template);
		struct identity id = identity_of(real[i].identity);
		struct identity_match m;

		T_CHECK(identity_template_match(&m, &t, &id, NULL, 0) == RC_OK,
		    "%s", real[i].identity);
		T_CHECK(strcmp(m.site, real[i].site) == 0 &&
			    strcmp(m.instance, real[i].instance) == 0,
		    "%s: site %s instance %s", real[i].identity, m.site,
		    m.instance);
	}
}

/* Corrupted on the way, jokes, and forms of other services (seen too). */
static const char *const strangers[][2] = {
	{ "jfk1b.c.root%servers.org", "{site}1b.c.root-servers.org" },
	{ "c01.FRA\x0e"
	  "eroot",
	    "{instance}.{site}.eroot" },
	{ "viat1.droot.maxgigapet.nop", "{site}.droot.maxgigapop.net" },
	{ "not.actually.c.root-servers.org", "{site}.c.root-servers.org" },
	{ "543m151", "{site}.cf.f.root-servers.org" },
	{ "none", "ns{instance}.{site}.k.ripe.net" },
	{ "ns1.cz-prg.k.ripe.net.", "ns{instance}.{site}.k.ripe.net" },
	{ "xns1.cz-prg.k.ripe.net", "ns{instance}.{site}.k.ripe.net" },
	{ "ns.cz-prg.k.ripe.net", "ns{instance}.{site}.k.ripe.net" },
	{ "MZ/Y 2022", "{site}" },
	{ "", "{site}" },
	{ "", "*{site}" },
};

static void
strangers_match_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(strangers); i++) {
		struct identity_template t = parsed(strangers[i][1]);
		struct identity id = identity_of(strangers[i][0]);
		struct identity_match m;

		T_CHECK(identity_template_match(&m, &t, &id, NULL, 0) ==
			    RC_NOTFOUND,
		    "%s", strangers[i][0]);
	}
}

static void
absent_and_cut_identities_match_nothing(void **state)
{
	struct identity_template t = parsed("*{site}*");
	struct identity id = { 0 };
	struct identity_match m;
	char longer[IDENTITY_MAX + 1];

	(void)state;
	assert_int_equal(
	    identity_template_match(&m, &t, &id, NULL, 0), RC_NOTFOUND);
	memset(longer, 'a', sizeof longer);
	identity_set(&id, longer, IDENTITY_MAX);
	assert_int_equal(identity_template_match(&m, &t, &id, NULL, 0), RC_OK);
	identity_set(&id, longer, IDENTITY_MAX + 1);
	assert_int_equal(
	    identity_template_match(&m, &t, &id, NULL, 0), RC_NOTFOUND);
}

static void
a_field_has_at_most_63_bytes(void **state)
{
	struct identity_template t = parsed("{site}");
	struct identity_match m;
	struct identity id;
	char text[FIELD_TEXT_MAX + 2];

	(void)state;
	memset(text, 'a', sizeof text);
	identity_set(&id, text, FIELD_TEXT_MAX);
	assert_int_equal(identity_template_match(&m, &t, &id, NULL, 0), RC_OK);
	assert_int_equal(strlen(m.site), FIELD_TEXT_MAX);
	identity_set(&id, text, FIELD_TEXT_MAX + 1);
	assert_int_equal(
	    identity_template_match(&m, &t, &id, NULL, 0), RC_NOTFOUND);
}

static void
listed_sites_are_the_only_ones(void **state)
{
	static const char *const sites[] = { "nl-ams", "CZ-PRG", "us-iad" };
	struct identity_template t = parsed("ns{instance}-{site}.example");
	struct identity id = identity_of("NS7-cz-prg.EXAMPLE");
	struct identity_match m;

	(void)state;
	assert_int_equal(identity_template_match(&m, &t, &id, sites, 3), RC_OK);
	assert_int_equal(m.site_index, 1);
	assert_string_equal(m.site, "cz-prg");
	assert_string_equal(m.instance, "7");
	id = identity_of("ns7-de-fra.example");
	assert_int_equal(
	    identity_template_match(&m, &t, &id, sites, 3), RC_NOTFOUND);
	assert_int_equal(
	    identity_template_match(&m, &t, &id, sites, 0), RC_NOTFOUND);
	/* The list decides where free form would cut too early. */
	assert_int_equal(identity_template_match(&m, &t, &id, NULL, 0), RC_OK);
	assert_string_equal(m.site, "de-fra");
	t = parsed("{site}-{instance}");
	id = identity_of("cz-prg-aa");
	assert_int_equal(identity_template_match(&m, &t, &id, sites, 3), RC_OK);
	assert_string_equal(m.site, "cz-prg");
	assert_string_equal(m.instance, "aa");
}

/* The classic trap for matchers that try again and again. */
static void
hostile_identities_cost_little(void **state)
{
	struct identity_template t =
	    parsed("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*{instance}{metro}{site}*b");
	struct identity_match m;
	struct identity id;
	char text[IDENTITY_MAX];

	(void)state;
	memset(text, 'a', sizeof text);
	identity_set(&id, text, sizeof text);
	assert_int_equal(
	    identity_template_match(&m, &t, &id, NULL, 0), RC_NOTFOUND);
}

#define LETTERS_62 \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij"

static const struct {
	const char *name;
	const char *template;
	const char *sites[3];
	const char *example; /* NULL: fine */
} checks[] = {
	{ "a dot divides", "ns{instance}.{site}.k.ripe.net",
	    { "nl-ams", "ams", "cz-prg" }, NULL },
	{ "suffixes after a literal", "b{instance}-{site}",
	    { "iad", "sin", "lax" }, NULL },
	{ "a site that ends like another", "b{instance}-{site}",
	    { "iad", "us-iad", "sin" }, "b1-us-iad" },
	{ "a site that begins like another", "{site}{instance}",
	    { "lon", "lon1", "ams" }, "lon11" },
	{ "no site begins like another", "{site}{instance}",
	    { "lon", "ams", "fra" }, NULL },
	{ "stars on both sides", "*.{site}.*", { "lon", "ams", "fra" },
	    ".lon.ams." },
	{ "a star behind", "{site}.*", { "lon", "ams", "fra" }, NULL },
	{ "a star behind a prefix", "{site}*", { "lon", "lon1", "x" }, "lon1" },
	{ "one site twice", "{site}", { "lon", "ams", "LON" }, "lon" },
	{ "sites alone", "{site}", { "lon", "lon1", "lo" }, NULL },
	{ "a field of 63 bytes is long enough", "{site}{instance}",
	    { "l", "l" LETTERS_62, "m" }, "l" LETTERS_62 "1" },
};

static void
ambiguous_templates_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(checks); i++) {
		struct identity_template t = parsed(checks[i].template);
		struct err err = ERR_NONE;
		enum rc rc =
		    identity_template_check(&t, checks[i].sites, 3, &err);

		if (checks[i].example == NULL) {
			T_CHECK(
			    rc == RC_OK, "%s: %s", checks[i].name, err.text);
			continue;
		}
		T_CHECK(rc == RC_RANGE, "%s: %s", checks[i].name, rc_name(rc));
		T_CHECK(strstr(err.text, checks[i].example) != NULL, "%s: %s",
		    checks[i].name, err.text);
	}
}

static void
refusal_names_both_sites(void **state)
{
	static const char *const sites[] = { "iad", "us-iad" };
	struct identity_template t = parsed("b{instance}-{site}");
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(identity_template_check(&t, sites, 2, &err), RC_RANGE);
	assert_string_equal(err.text,
	    "cannot tell iad from us-iad: \"b1-us-iad\" may be either");
}

/* Properties. */

static unsigned
roll(unsigned *seed, unsigned n)
{
	return (unsigned)rand_r(seed) % n;
}

/* A template of few letters, so that ambiguity is common. */
static void
random_template(unsigned *seed, char *out)
{
	static const char *const parts[] = { "a", "b", "-", ".", "*", "ab" };
	unsigned n = roll(seed, 4), at = roll(seed, n + 1);

	out[0] = '\0';
	for (unsigned i = 0; i <= n; i++) {
		char *end = out + strlen(out);

		if (i == at)
			snprintf(end, 32, "{site}");
		else if (roll(seed, 5) == 0 && strstr(out, "{inst") == NULL)
			snprintf(end, 32, "{instance}");
		else
			snprintf(end, 32, "%s", parts[roll(seed, 6)]);
	}
}

static void
random_text(unsigned *seed, char *out, unsigned max)
{
	unsigned n = 1 + roll(seed, max);

	for (unsigned i = 0; i < n; i++)
		out[i] = "ab-."[roll(seed, 4)];
	out[n] = '\0';
}

/* Tries all ways, as the definition says: slow, and plainly right. */
static bool
slow_match(const char *t, const char *s, const char *site)
{
	if (*t == '\0')
		return *s == '\0';
	if (*t == '*')
		return slow_match(t + 1, s, site) ||
		       (*s != '\0' && slow_match(t, s + 1, site));
	if (strncmp(t, "{site}", 6) == 0)
		return strncmp(s, site, strlen(site)) == 0 &&
		       slow_match(t + 6, s + strlen(site), site);
	if (strncmp(t, "{instance}", 10) == 0) {
		for (size_t n = 0; s[n] != '\0' && s[n] != '.'; n++)
			if (slow_match(t + 10, s + n + 1, site))
				return true;
		return false;
	}
	return *t == *s && slow_match(t + 1, s + 1, site);
}

static unsigned
print_seed(void)
{
	const char *text = getenv("CATCHWATER_SEED");
	unsigned seed = text != NULL ? (unsigned)strtoul(text, NULL, 10)
				     : (unsigned)time(NULL);

	printf("seed: CATCHWATER_SEED=%u\n", seed);
	return seed;
}

/* What the check lets through is never two sites; what it refuses has an
 * example that is. */
static void
the_check_is_exact(void **state)
{
	unsigned seed = print_seed(), n_refused = 0;

	(void)state;
	for (int i = 0; i < 500; i++) {
		char template[128], a[8], b[8], text[16], example[64];
		const char *const sites[] = { a, b };
		struct identity_template t;
		struct err err = ERR_NONE;
		bool is_refused;

		random_template(&seed, template);
		random_text(&seed, a, 3);
		random_text(&seed, b, 3);
		t = parsed(template);
		is_refused =
		    identity_template_check(&t, sites, 2, &err) != RC_OK;
		n_refused += is_refused;
		if (is_refused) {
			assert_int_equal(sscanf(strchr(err.text, '"'),
					     "\"%63[^\"]", example),
			    1);
			T_CHECK(slow_match(template, example, a) &&
				    slow_match(template, example, b),
			    "%s, %s, %s: %s", template, a, b, err.text);
			continue;
		}
		for (int k = 0; k < 200; k++) {
			random_text(&seed, text, 10);
			T_CHECK(!slow_match(template, text, a) ||
				    !slow_match(template, text, b),
			    "%s: %s is %s and %s", template, text, a, b);
		}
	}
	T_CHECK(n_refused > 10 && n_refused < 490, "%u refused", n_refused);
}

static void
matching_agrees_with_its_definition(void **state)
{
	unsigned seed = print_seed(), n_matched = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char template[128], site[8], text[16];
		const char *const sites[] = { site };
		struct identity_template t;
		struct identity id;
		struct identity_match m;
		enum rc rc;

		random_template(&seed, template);
		random_text(&seed, site, 2);
		random_text(&seed, text, 6);
		t = parsed(template);
		id = identity_of(text);
		rc = identity_template_match(&m, &t, &id, sites, 1);
		n_matched += rc == RC_OK;
		T_CHECK((rc == RC_OK) == slow_match(template, text, site),
		    "%s, site %s, %s: %s", template, site, text, rc_name(rc));
		if (rc == RC_OK)
			T_CHECK(strcmp(m.site, site) == 0, "%s", m.site);
	}
	T_CHECK(n_matched > 50, "only %u matched", n_matched);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_are_checked_as_written),
		cmocka_unit_test(real_identities_are_read),
		cmocka_unit_test(strangers_match_nothing),
		cmocka_unit_test(absent_and_cut_identities_match_nothing),
		cmocka_unit_test(a_field_has_at_most_63_bytes),
		cmocka_unit_test(listed_sites_are_the_only_ones),
		cmocka_unit_test(hostile_identities_cost_little),
		cmocka_unit_test(ambiguous_templates_are_refused),
		cmocka_unit_test(refusal_names_both_sites),
		cmocka_unit_test(the_check_is_exact),
		cmocka_unit_test(matching_agrees_with_its_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

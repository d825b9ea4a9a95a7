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
	{ "a metro in its place", "ns{instance}.{metro}", RC_OK, "" },
	{ "an arrow to a name", "old* -> ams", RC_OK, "" },
	{ "an arrow to a field", "{site}.cf -> x{site}-cf", RC_OK, "" },
	{ "an arrow to a metro", "{site}-{metro} -> {metro}", RC_OK, "" },
	{ "an arrow to nothing known", "{instance}m* -> ?", RC_OK, "" },
	{ "an arrow to nothing", "{site} -> ", RC_MALFORMED, "nothing" },
	{ "a field only on the right", "old -> {site}", RC_MALFORMED,
	    "as on the left" },
	{ "two fields on the right", "{site}.{metro} -> {metro}{site}",
	    RC_MALFORMED, "{metro}{site}" },
	{ "a star on the right", "{site} -> *", RC_MALFORMED, "'*'" },
	{ "an instance on the right", "{instance} -> {instance}", RC_MALFORMED,
	    "{instance}" },
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
	{ "c01.KIX.eroot", "c{number}.{site}.eroot", "kix", "" },
	{ "12-ams-34", "{number}-{site}-{number}", "ams", "" },
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
	{ "dnsmasq", "{number}m{site}" },
	{ "b1x-iad", "b{number}-{site}" },
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
	assert_int_equal(m.name_index, 1);
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

/* Finds what n names, each of a site of its own, make of one template. */
static enum rc
check(const struct identity_template *t, const char *const *sites, size_t n,
    struct identity_clash *clash)
{
	static size_t own[] = { 0, 1, 2 };
	struct identity_rule rule = {
		.form = t, .methods = 1, .n = n, .sites = own
	};
	char *names[3];

	for (size_t i = 0; i < n; i++)
		names[i] = strdup(sites[i]);
	rule.names = names;
	*clash = (struct identity_clash){ 0 };
	n = (size_t)identity_find_clash(clash, &rule, 1);
	for (size_t i = 0; i < rule.n; i++)
		free(names[i]);
	return (enum rc)n;
}

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
	    ".lon.fra." },
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
		struct identity_clash clash;
		enum rc rc = check(&t, checks[i].sites, 3, &clash);

		if (checks[i].example == NULL) {
			T_CHECK(rc == RC_OK, "%s: %s", checks[i].name,
			    clash.example);
			continue;
		}
		T_CHECK(rc == RC_RANGE, "%s: %s", checks[i].name, rc_name(rc));
		T_CHECK(strstr(clash.example, checks[i].example) != NULL,
		    "%s: %s", checks[i].name, clash.example);
	}
}

static void
refusal_names_both_sites(void **state)
{
	static const char *const sites[] = { "iad", "us-iad" };
	struct identity_template t = parsed("b{instance}-{site}");
	struct identity_clash clash;

	(void)state;
	assert_int_equal(check(&t, sites, 2, &clash), RC_RANGE);
	assert_string_equal(clash.example, "b1-us-iad");
	assert_int_equal(clash.sites[0] + clash.sites[1], 1);
}

/* The site that free form reads, by templates with an arrow. */
static const struct {
	const char *identity, *template, *site;
} arrows[] = {
	{ "AMS.cf.example", "{site}.cf.example -> {site}-cf", "ams-cf" },
	{ "old-amsterdam-3", "old-amsterdam* -> AMS", "ams" },
	{ "ns1.rack7.fra", "ns{instance}.{site}.{metro} -> {metro}", "fra" },
	{ "ns1.fra", "ns{instance}.{metro}", "fra" },
	{ "543m151", "{instance}m{metro} -> ?", "" },
};

static void
an_arrow_says_how_the_site_is_called(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(arrows); i++) {
		struct identity_template t = parsed(arrows[i].template);
		struct identity id = identity_of(arrows[i].identity);
		struct identity_match m;

		T_CHECK(identity_template_match(&m, &t, &id, NULL, 0) == RC_OK,
		    "%s", arrows[i].identity);
		T_CHECK(strcmp(m.site, arrows[i].site) == 0, "%s: %s",
		    arrows[i].identity, m.site);
		T_CHECK(m.is_opaque == (arrows[i].site[0] == '\0'), "%s",
		    arrows[i].identity);
	}
}

static const struct {
	const char *template, *name, *want; /* NULL: never means it */
} names[] = {
	{ "{site}.example", "ams", "ams" },
	{ "{site}.cf.example -> {site}-cf", "ams-cf", "ams" },
	{ "{site}.cf.example -> {site}-cf", "AMS-CF", "AMS" },
	{ "{site}.cf.example -> {site}-cf", "ams", NULL },
	{ "{site}.cf.example -> {site}-cf", "-cf", NULL },
	{ "{site} -> x{site}", "xams", "ams" },
	{ "{site} -> x{site}", "ams", NULL },
	{ "old* -> ams", "ams", "" },
	{ "old* -> ams", "fra", NULL },
	{ "old* -> ?", "?", NULL },
};

static void
a_template_knows_what_means_a_site(void **state)
{
	char got[FIELD_TEXT_MAX + 1];

	(void)state;
	for (size_t i = 0; i < T_LEN(names); i++) {
		struct identity_template t = parsed(names[i].template);
		enum rc rc = identity_template_name(got, &t, names[i].name);

		T_CHECK((rc == RC_OK) == (names[i].want != NULL), "%s, %s",
		    names[i].template, names[i].name);
		if (rc == RC_OK)
			T_CHECK(strcmp(got, names[i].want) == 0, "%s, %s: %s",
			    names[i].template, names[i].name, got);
	}
}

/* Two templates of a service with the sites ams, ams2 and fra. */
static const struct {
	const char *name;
	const char *earlier, *later;
	unsigned methods[2];
	const char *example; /* NULL: fine */
} pairs[] = {
	{ "nothing in common", "a.{site}", "b.{site}", { 1, 1 }, NULL },
	{ "the same site by both", "a*.{site}", "ab.{site}", { 1, 1 }, NULL },
	{ "one site by name, the other by arrow", "x.{site}", "x.a* -> fra",
	    { 1, 1 }, "x.ams" },
	{ "of methods that never meet", "x.{site}", "x.a* -> fra", { 1, 2 },
	    NULL },
	{ "an exception written out whole first", "x.ams2 -> fra", "x.{site}",
	    { 1, 1 }, NULL },
	{ "an exception after the rule", "x.{site}", "x.ams2 -> fra", { 1, 1 },
	    "x.ams2" },
	{ "arrows to two sites", "a* -> ams", "*a -> fra", { 1, 1 }, "a" },
	{ "arrows to one site", "a* -> ams", "*a -> ams", { 1, 1 }, NULL },
	{ "an opaque form is no site", "{site}.x", "*.x -> ?", { 1, 1 }, NULL },
	{ "fields in another order", "{site}-{instance}", "{instance}-{site}",
	    { 1, 1 }, "fra-ams" },
};

static void
fill_rule(struct identity_rule *rule, const struct identity_template *t,
    unsigned methods, char *texts, size_t *sites)
{
	static const char *const all[] = { "ams", "ams2", "fra" };
	char name[FIELD_TEXT_MAX + 1];

	rule->form = t;
	rule->methods = methods;
	rule->n = 0;
	rule->sites = sites;
	for (size_t i = 0; i < 3; i++) {
		if (identity_template_name(name, t, all[i]) != RC_OK)
			continue;
		rule->names[rule->n] = strcpy(texts + 8 * rule->n, name);
		sites[rule->n++] = i;
	}
}

static void
two_templates_never_give_two_sites(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(pairs); i++) {
		struct identity_template t[2] = { parsed(pairs[i].earlier),
			parsed(pairs[i].later) };
		char texts[2][24], *lists[2][3];
		size_t sites[2][3];
		struct identity_rule rules[2] = { { .names = lists[0] },
			{ .names = lists[1] } };
		struct identity_clash clash = { 0 };
		enum rc rc;

		for (size_t k = 0; k < 2; k++)
			fill_rule(&rules[k], &t[k], pairs[i].methods[k],
			    texts[k], sites[k]);
		rc = identity_find_clash(&clash, rules, 2);
		T_CHECK((rc == RC_OK) == (pairs[i].example == NULL), "%s: %s",
		    pairs[i].name, clash.example);
		if (rc != RC_OK)
			T_CHECK(strcmp(clash.example, pairs[i].example) == 0 &&
				    clash.sites[0] != clash.sites[1],
			    "%s: %s", pairs[i].name, clash.example);
	}
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
		char template[128], a[8], b[8], text[16];
		const char *const sites[] = { a, b };
		struct identity_template t;
		struct identity_clash clash;
		bool is_refused;

		random_template(&seed, template);
		random_text(&seed, a, 3);
		random_text(&seed, b, 3);
		t = parsed(template);
		is_refused = check(&t, sites, 2, &clash) != RC_OK;
		n_refused += is_refused;
		if (is_refused) {
			T_CHECK(slow_match(template, clash.example, a) &&
				    slow_match(template, clash.example, b),
			    "%s, %s, %s: %s", template, a, b, clash.example);
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
		cmocka_unit_test(an_arrow_says_how_the_site_is_called),
		cmocka_unit_test(a_template_knows_what_means_a_site),
		cmocka_unit_test(two_templates_never_give_two_sites),
		cmocka_unit_test(the_check_is_exact),
		cmocka_unit_test(matching_agrees_with_its_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

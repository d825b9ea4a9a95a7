/* test_settings.c - what a configuration may say, and how errors are told. */
#include "collector/settings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/base/clock.h"
#include "schema/base/file.h"
#include "tests/unit/check.h"

#define S US_PER_S

static char dir[] = "/tmp/test_settings.XXXXXX";

static void
write_file(const char *name, const char *text)
{
	char path[128];
	struct err err;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	T_CHECK(file_replace(path, 0600, text, strlen(text), &err) == RC_OK,
	    "%s", err.text);
}

static enum rc
load(struct settings *out, const char *name, struct err *err)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return settings_load(out, path, err);
}

/* A service that is right, on lines 2 to 6 behind the database on line 1. */
#define DB "database = \"/x/c.db\"\n"
#define HEAD \
	DB "service \"root\" {\n" \
	   "  addresses = { \"192.0.2.53\" }\n" \
	   "  zone = \".\"\n"
#define IDENTITY "  identity = { \"{instance}.{site}.example\" }\n"
#define SITE "  site \"ams\" { }\n"
#define GOOD HEAD IDENTITY SITE "}\n"

static const struct {
	const char *claim, *text, *error; /* behind "DIR/a.conf" */
} bad[] = {
	{ "an unknown key is told with its line", DB "\nspeed = 3\n",
	    ":3: unknown key 'speed', expected one such as database, service "
	    "or alert" },
	{ "a misspelt key is told with what is near", "databse = \"x\"\n",
	    ":1: unknown key 'databse', did you mean 'database'?" },
	{ "an unknown key in a section",
	    HEAD IDENTITY SITE "  dns_evry = 60s\n}\n",
	    ":7: unknown key 'dns_evry', did you mean 'dns_every'?" },
	{ "a key that stands twice", DB "url = \"http://a/\"\n\nurl = \"b\"\n",
	    ":4: key 'url' stands twice, expected it once" },
	{ "a list that stands twice",
	    HEAD "  addresses = { \"192.0.2.54\" }\n" IDENTITY SITE "}\n",
	    ":5: key 'addresses' stands twice, expected it once" },
	{ "a section that stands twice",
	    DB "geo { asn = \"a\" }\ngeo { city = \"b\" }\n",
	    ":3: section 'geo' stands twice, expected it once" },
	{ "a service that stands twice", GOOD "service \"root\" {\n}\n",
	    ":8: 'root' is defined twice, expected every name once" },
	{ "a site that stands twice", HEAD IDENTITY SITE SITE "}\n",
	    ":7: 'ams' is defined twice, expected every name once" },
	{ "a missing database is of the whole file", "listen = \"[::]:1\"\n",
	    ": database is missing, expected the path of a file, such as "
	    "database = \"/var/lib/catchwater/catchwater.db\"" },
	{ "a service without addresses is told where it ends",
	    DB "service \"root\" {\n  zone = \".\"\n" IDENTITY SITE "}\n",
	    ":6: service 'root' has no addresses, expected one or more like "
	    "addresses = { \"192.0.2.53\" }" },
	{ "a service without identity", HEAD SITE "}\n",
	    ":6: service 'root' has no identity, expected a template such as "
	    "identity = { \"{instance}.{site}.example.net\" }" },
	{ "a service without site", HEAD IDENTITY "}\n",
	    ":6: service 'root' has no site, expected one or more like site "
	    "\"ams\" { }" },
	{ "a service without zone",
	    DB "service \"root\" {\n  addresses = { \"192.0.2.53\" }\n" IDENTITY
		SITE "}\n",
	    ":6: service 'root' has no zone, expected the zone whose SOA is "
	    "asked for, such as zone = \"example.net\"" },
	{ "an address that is not one",
	    HEAD
	    "  control = { \"192.0.2.1\",\n    \"nowhere\" }\n" IDENTITY SITE
	    "}\n",
	    ":6: control: 'nowhere' is not an address, expected one such as "
	    "192.0.2.53 or 2001:db8::53" },
	{ "a service address that is another's",
	    GOOD "service \"b\" {\n  addresses = { \"192.0.2.53\" }\n"
		 "  zone = \"b.example\"\n" IDENTITY SITE "}\n",
	    ":9: addresses: 192.0.2.53 is used twice (service 'root' has it), "
	    "expected every address once" },
	{ "a site's address that is the service's",
	    HEAD IDENTITY "  site \"ams\" {\n    unicast = { \"192.0.2.53\" }\n"
			  "  }\n}\n",
	    ":7: unicast: 192.0.2.53 is used twice (service 'root' has it), "
	    "expected every address once" },
	{ "a control that is the service itself",
	    HEAD IDENTITY SITE "  control = { \"192.0.2.53\" }\n}\n",
	    ":7: control: 192.0.2.53 is used twice (service 'root' has it), "
	    "expected every address once" },
	{ "a zone that is no name",
	    DB "service \"root\" {\n  addresses = { \"192.0.2.53\" }\n"
	       "  zone = \"a..b\"\n" IDENTITY SITE "}\n",
	    ":4: zone is 'a..b', expected a domain name such as example.net "
	    "or \".\"" },
	{ "lines are counted right behind comments",
	    "# one\n/* two\n three */ // four\n" DB "# five\nspeed = 3\n",
	    ":6: unknown key 'speed', expected one such as database, service "
	    "or alert" },
	{ "one identity that is two sites by one template",
	    HEAD "  identity = { \"{site}{instance}\" }\n" SITE
		 "  site \"ams1\" { }\n}\n",
	    ":5: identity: cannot tell ams from ams1: \"ams11\" may be either, "
	    "expected text between the fields, or an arrow" },
	{ "one identity that is two sites by two templates",
	    HEAD "  identity = { \"ns.{site}\",\n \"ns.a* -> fra\" }\n" SITE
		 "  site \"fra\" { }\n}\n",
	    ":6: identity: \"ns.ams\" is fra by this template and ams by that "
	    "of line 5, expected no identity to match both" },
	{ "an arrow to no site", HEAD "  nsid = { \"x -> mtl\" }\n" SITE "}\n",
	    ":5: nsid: \"x -> mtl\" means no site of service 'root', expected "
	    "a site or an alias of that name" },
	{ "an alias that is another site's",
	    HEAD IDENTITY SITE "  site \"fra\" {\n alias = { \"AMS\" } }\n}\n",
	    ":8: alias 'AMS' is also a name of site 'ams', expected every name "
	    "once" },
	{ "an alias with a blank",
	    HEAD IDENTITY "  site \"fra\" {\n alias = { \"a b\" } }\n}\n",
	    ":7: alias is 'a b', expected up to 63 printable characters as "
	    "they stand in identities" },
	{ "a method that is none",
	    HEAD IDENTITY SITE "  method = { \"http\" }\n}\n",
	    ":7: method is 'http', expected \"nsid\", \"chaos\" and \"txt\", "
	    "each at most once" },
	{ "a method twice",
	    HEAD IDENTITY SITE "  method = { \"nsid\", \"nsid\" }\n}\n",
	    ":7: method is 'nsid', expected \"nsid\", \"chaos\" and \"txt\", "
	    "each at most once" },
	{ "a name of its own that is not said",
	    HEAD IDENTITY SITE "  method = { \"txt\" }\n}\n",
	    ":7: method \"txt\" wants a name to ask for, expected txt_name = "
	    "\"identity.example.net\"" },
	{ "a time without unit", DB "upload_every = 30\n",
	    ":2: upload_every: '30' is not a duration; expected a whole number "
	    "and ms, s, m, h, d or w, such as 90s" },
	{ "a time out of range",
	    HEAD IDENTITY SITE "\n  dns_every = \"10ms\"\n}\n",
	    ":8: dns_every is 10ms, expected 1s to 1d" },
	{ "a time that may be never",
	    HEAD IDENTITY SITE "  trace_every = 8d\n}\n",
	    ":7: trace_every is 8d, expected 1s to 1d, or 0s for never" },
	{ "times that do not rise",
	    HEAD IDENTITY SITE "  confirm_after = { 20s, 10s }\n}\n",
	    ":7: confirm_after: 10s comes after 20s, expected rising times" },
	{ "too many times",
	    HEAD IDENTITY SITE "  retry_after = { 1s, 2s, 3s, 4s, 5s }\n}\n",
	    ":7: retry_after has 5 values, expected at most 4" },
	{ "a port out of range", HEAD "  port = 0\n" IDENTITY SITE "}\n",
	    ":5: port is '0', expected a whole number from 1 to 65535" },
	{ "a position off the globe",
	    HEAD IDENTITY "  site \"ams\" { position = \"91,0\" }\n}\n",
	    ":6: position is '91,0', expected degrees north and east, such as "
	    "\"52.37,4.90\"" },
	{ "a scope that is none",
	    HEAD IDENTITY "  site \"ams\" { scope = \"world\" }\n}\n",
	    ":6: scope is 'world', expected \"global\" or \"local\"" },
	{ "a site's name with a capital",
	    HEAD IDENTITY "  site \"Ams\" {\n}\n}\n",
	    ":7: site 'Ams': not a name, expected 1 to 63 of a-z, 0-9, '-' and "
	    "'_'" },
	{ "an alert that tells nobody", DB "alert \"ops\" {\n}\n",
	    ":3: alert 'ops' tells nobody, expected webhook, alertmanager, "
	    "smtp, "
	    "exec or syslog" },
	{ "a webhook that is no web address",
	    DB "alert \"ops\" {\n  webhook = \"ftp://a/\"\n}\n",
	    ":3: webhook: 'ftp://a/' is not a web address, expected one that "
	    "begins with https:// or http://" },
	{ "an alert of two channels",
	    DB "alert \"ops\" { webhook = \"http://a/\"\n  syslog = "
	       "\"/dev/log\" }\n",
	    ":3: syslog: alert 'ops' has webhook already, expected one of "
	    "them; make another alert of it" },
	{ "a key of another channel",
	    DB "alert \"ops\" { webhook = \"http://a/\"\n  from = \"a@b\" }\n",
	    ":3: from is for smtp only" },
	{ "a template that is none",
	    DB "alert \"ops\" { webhook = \"http://a/\"\n  template = irc }\n",
	    ":3: template is 'irc', expected JSON or one of discord, "
	    "googlechat, matrix, mattermost, slack and teams" },
	{ "a template with an unknown field",
	    DB "alert \"ops\" { webhook = \"http://a/\"\n"
	       "  template = '{\"a\":\"{txt}\"}' }\n",
	    ":3: template: unknown placeholder {txt}, expected {text}, {kind} "
	    "or another of catchwater.conf(5)" },
	{ "mail to nobody",
	    DB "alert \"ops\" {\n smtp = \"smtp://a\" from = \"a@b\"\n}\n",
	    ":4: alert 'ops' has no to, expected an address such as "
	    "noc@example.net" },
	{ "mail to no address",
	    DB "alert \"ops\" { smtp = \"smtp://a\" from = \"a@b\"\n"
	       "  to = { \"noc\" } }\n",
	    ":3: to: 'noc', expected an address such as noc@example.net" },
	{ "a mail server by the web",
	    DB "alert \"ops\" { smtp = \"http://a\" }\n",
	    ":2: smtp: 'http://a', expected a server such as "
	    "smtp://mail.example.net:587 or smtps://mail.example.net" },
	{ "a password in the clear",
	    DB "alert \"ops\" { smtp = \"smtp://a\" from = \"a@b\"\n"
	       "  to = { \"c@d\" } starttls = no\n"
	       "  user = \"u\" password_file = \"p\" }\n",
	    ":4: user: a password goes to another machine by TLS only, "
	    "expected starttls = yes or smtps://" },
	{ "a user without a password",
	    DB "alert \"ops\" { webhook = \"http://a/\"\n  user = \"u\" }\n",
	    ":3: alert 'ops' has no password_file, expected both or neither" },
	{ "a command by its name", DB "alert \"ops\" { exec = { \"page\" } }\n",
	    ":2: exec: 'page', expected the path of a program from '/', such "
	    "as exec = { \"/usr/local/bin/page\", \"--now\" }; there is no "
	    "shell" },
	{ "syslog to nowhere",
	    DB "alert \"ops\" { syslog = \"log.example\" }\n",
	    ":2: syslog: 'log.example', expected \"/dev/log\" or a server "
	    "such as \"udp://192.0.2.1:514\"" },
	{ "a facility that is none",
	    DB "alert \"ops\" { syslog = \"/dev/log\"\n  facility = x }\n",
	    ":3: facility is 'x', expected daemon, user, local0 to local7 or "
	    "another of syslog(3)" },
	{ "an Alertmanager that is never told again",
	    DB "alert \"ops\" { alertmanager = \"http://a\"\n"
	       "  repeat_every = 0s }\n",
	    ":3: repeat_every is 0s, expected 1s to 1h" },
	{ "a secret that is soon guessed",
	    DB "dashboard {\n  password = \"letmein\" }\n",
	    ":3: password has 7 characters, expected 12 to 200, drawn at "
	    "random such as by 'openssl rand -base64 18'" },
	{ "a dashboard that is open and has a token",
	    DB "dashboard {\n  token = \"0123456789ab\"\n  open = yes }\n",
	    ":4: open = yes lets everybody look, expected no password and no "
	    "token beside it" },
	{ "a user that no browser can send",
	    DB "dashboard {\n  user = \"a:b\" }\n",
	    ":3: user is 'a:b', expected a name without a colon" },
	{ "an unknown kind",
	    DB "alert \"ops\" { webhook = \"http://a/\"\n"
	       "  kinds = { \"shift\",\n    \"shit\" } }\n",
	    ":4: kinds: unknown kind 'shit', did you mean 'shift'?" },
	{ "an unknown severity",
	    DB "alert \"ops\" { webhook = \"http://a/\"\n at_least = bad }\n",
	    ":3: at_least is 'bad', expected info, notice, warning, major or "
	    "critical" },
	{ "listen without a port", DB "listen = \"127.0.0.1\"\n",
	    ":2: listen is '127.0.0.1', expected an address and a port such as "
	    "\"[::]:8420\" or \"127.0.0.1:8420\"" },
	{ "half of tls", DB "tls {\n  certificate = \"a\"\n}\n",
	    ":4: tls has no key, expected both certificate and key" },
	{ "a string that does not end", DB "url = \"http://a\n" DB,
	    ":2: the string is not closed, expected \" before the end of the "
	    "line" },
	{ "a comment that does not end is told where it begins",
	    DB "/* one\ntwo\n",
	    ":2: the comment is not closed, expected */ before the end of the "
	    "file" },
	{ "an octal escape", DB "url = \"a\\12\"\n",
	    ":2: '\\1' in a string, expected '\\\\' for a backslash" },
	{ "a section that does not end is told where it begins", HEAD,
	    ":2: the '{' is not closed, expected '}' before the end of the "
	    "file" },
	{ "a variable of the environment", DB "url = \"http://${HOME}/\"\n",
	    ":2: '${' asks for a variable, expected plain text (or '\\${' in "
	    "quotes)" },
	{ "a brace too many", DB "}\n",
	    ":2: '}' closes nothing, expected a key" },
	{ "a key without '='", DB "\nurl \"x\"\n",
	    ":3: key 'url' has no value, expected '=' after it" },
	{ "an include that is not there", DB "include(\"none.conf\")\n",
	    ":2: cannot include 'none.conf', expected a file that exists" },
};

static void
every_error_says_file_line_what_and_what_was_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(bad); i++) {
		struct settings s;
		struct err err = ERR_NONE;
		char want[300];

		write_file("a.conf", bad[i].text);
		T_CHECK(load(&s, "a.conf", &err) != RC_OK, "%s", bad[i].claim);
		snprintf(want, sizeof want, "%s/a.conf%s", dir, bad[i].error);
		want[sizeof err.text - 1] = '\0';
		T_CHECK(strcmp(err.text, want) == 0, "%s:\n got %s\nwant %s",
		    bad[i].claim, err.text, want);
	}
}

static void
a_template_that_can_mean_two_sites_is_refused(void **state)
{
	struct settings s;
	struct err err = ERR_NONE;

	(void)state;
	write_file("a.conf",
	    HEAD "  identity = { \"{site}.x\",\n   \"*{site}*\" }\n"
		 "  site \"ams\" { }\n  site \"ams-2\" { }\n}\n");
	T_CHECK(load(&s, "a.conf", &err) != RC_OK, "accepted");
	T_CHECK(
	    strstr(err.text, "/a.conf:6: identity: ") != NULL, "%s", err.text);
	T_CHECK(strstr(err.text, "ams-2") != NULL, "%s", err.text);
}

static void
what_is_absent_has_its_default(void **state)
{
	const struct service *service;
	struct settings s;
	struct err err = ERR_NONE;

	(void)state;
	write_file(
	    "a.conf", GOOD "alert \"ops\" { webhook = \"http://a/\" }\n");
	T_CHECK(load(&s, "a.conf", &err) == RC_OK, "%s", err.text);
	assert_string_equal(s.listen, "[::]:8420");
	assert_string_equal(s.database, "/x/c.db");
	assert_null(s.url);
	assert_null(s.tls_key);
	assert_int_equal(s.upload_every_us, 30 * S);
	assert_int_equal(s.keep_observations_us, 7 * 86400 * S);
	assert_int_equal(s.keep_details_us, 30 * 86400 * S);
	assert_int_equal(s.silent_after_us, 300 * S);
	assert_int_equal(s.disk_low_percent, 5);
	assert_int_equal(s.alerts[0].kinds, (1U << EVENT_KINDS) - 1);
	assert_int_equal(s.alerts[0].at_least, SEVERITY_WARNING);
	assert_int_equal(s.alerts[0].give_up_after_us, 86400 * S);
	assert_int_equal(s.services.n, 1);
	service = &s.services.list[0];
	assert_int_equal(service->dns_every_us, 60 * S);
	assert_int_equal(service->trace_every_us, 900 * S);
	assert_int_equal(service->n_confirm, 2);
	assert_int_equal(service->confirm_after_us[1], 20 * S);
	assert_int_equal(service->retry_after_us[0], 2 * S);
	assert_int_equal(service->timeout_us, 4 * S);
	assert_int_equal(service->sick_after_us, 30 * S);
	assert_int_equal(service->settle_us, 300 * S);
	assert_int_equal(service->shift_settles_us, 86400 * S);
	assert_int_equal(s.services.targets[0].port, 53);
	settings_fini(&s);
}

static void
what_is_said_is_in_force(void **state)
{
	const struct service *service;
	struct settings s;
	struct err err = ERR_NONE;

	(void)state;
	write_file("a.conf",
	    DB "service \"shop\" {\n"
	       "  addresses = { \"192.0.2.53\", \"2001:db8::53\" }\n"
	       "  zone = \"shop.example\" port = 5353\n"
	       "  identity = { \"{site}-*\" }\n"
	       "  site \"ams\" { unicast = { \"198.51.100.1\" } scope = local\n"
	       "    position = \"52.37, -4.9\" capacity = 40 }\n"
	       "  control = { \"198.51.100.1\", \"203.0.113.9\" }\n"
	       "  dns_every = 5s ping_every = \"0s\" timeout = 500ms\n"
	       "  retry_after = { \"1s\", 3s, \"9s\" }\n}\n");
	T_CHECK(load(&s, "a.conf", &err) == RC_OK, "%s", err.text);
	service = &s.services.list[0];
	assert_string_equal(service->zone, "shop.example.");
	assert_true(service->sites[0].is_local);
	assert_true(service->sites[0].longitude == -4.9);
	assert_int_equal(service->sites[0].capacity, 40);
	assert_int_equal(service->dns_every_us, 5 * S);
	assert_int_equal(service->ping_every_us, 0);
	assert_int_equal(service->timeout_us, S / 2);
	assert_int_equal(service->n_retry, 3);
	/* A control that is a site's own address is measured once. */
	assert_int_equal(s.services.n_targets, 4); /* and has no decoys */
	assert_int_equal(s.services.targets[2].role, ROLE_UNICAST);
	assert_int_equal(s.services.targets[3].role, ROLE_CONTROL);
	assert_int_equal(s.services.targets[3].port, 5353);
	settings_fini(&s);
}

struct decoys {
	size_t n;
	char last[ADDR_TEXT_LEN];
	int64_t every_us;
};

static struct decoys
decoys_of(const char *conf)
{
	struct decoys d = { 0 };
	struct settings s;
	struct err err = ERR_NONE;

	write_file("a.conf", conf);
	T_CHECK(load(&s, "a.conf", &err) == RC_OK, "%s: %s", conf, err.text);
	for (size_t i = 0; i < s.services.n_targets; i++) {
		if (s.services.targets[i].role != ROLE_DECOY)
			continue;
		addr_format(&s.services.targets[i].address, d.last);
		assert_int_equal(s.services.targets[i].port, 53);
		d.n++;
	}
	d.every_us = s.services.decoy_every_us;
	settings_fini(&s);
	return d;
}

#define ELSEWHERE \
	DB "service \"shop\" { addresses = { \"198.51.100.1\" }\n" \
	   " zone = \".\" port = 5353\n" IDENTITY SITE "}\n"

static void
decoys_are_there_unless_told_otherwise(void **state)
{
	struct decoys d = decoys_of(ELSEWHERE);
	struct settings s;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(d.n, 2);
	assert_string_equal(d.last, "2001:db8::53");
	assert_int_equal(d.every_us, 21600 * S);
	assert_int_equal(decoys_of(ELSEWHERE "decoy = { }\n").n, 0);
	d = decoys_of(ELSEWHERE "decoy = { \"198.51.100.66\" }\n"
				"decoy_every = 10m\n");
	assert_int_equal(d.n, 1);
	assert_string_equal(d.last, "198.51.100.66");
	assert_int_equal(d.every_us, 600 * S);
	/* Somebody's own address is none, whatever the port. */
	write_file("a.conf", ELSEWHERE "decoy = { \"198.51.100.1\" }\n");
	T_CHECK(load(&s, "a.conf", &err) != RC_OK, "a service as a decoy");
	T_CHECK(strstr(err.text, "decoy: 198.51.100.1 is used twice") != NULL,
	    "%s", err.text);
}

static void
includes_are_read_beside_the_file_and_their_errors_are_theirs(void **state)
{
	struct settings s;
	struct err err = ERR_NONE;
	char path[128];

	(void)state;
	snprintf(path, sizeof path, "%s/d", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file("a.conf", "database = \"c.db\"\ninclude(\"d/*.conf\")\n"
			     "include(\"none/*.conf\")\n");
	write_file("d/1.conf",
	    "service \"one\" {\n addresses = { \"192.0.2.1\" }\n"
	    " zone = \".\"\n" IDENTITY SITE "}\ninclude(\"../a.conf\")\n");
	write_file("d/2.conf", "\nservice \"two\" {\n"
			       " addresses = { \"192.0.2.1\" }\n"
			       " zone = \".\"\n" IDENTITY SITE "}\n");
	T_CHECK(load(&s, "a.conf", &err) != RC_OK, "an address twice");
	T_CHECK(strstr(err.text, "/d/2.conf:3: addresses: 192.0.2.1 is used "
				 "twice (service 'one' has it)") != NULL,
	    "%s", err.text);
	write_file("d/2.conf", "\n\nfoo = 1\n");
	T_CHECK(load(&s, "a.conf", &err) != RC_OK, "an unknown key");
	T_CHECK(strstr(err.text, "/d/2.conf:3: unknown key") != NULL, "%s",
	    err.text);
	write_file("d/2.conf", "# nothing\n");
	T_CHECK(load(&s, "a.conf", &err) == RC_OK, "%s", err.text);
	snprintf(path, sizeof path, "%s/c.db", dir);
	assert_string_equal(s.database, path);
	assert_string_equal(s.services.list[0].name, "one");
	settings_fini(&s);
}

/* Loads, prints, and gives the text: release with free(). */
static char *
printed(const char *name)
{
	struct settings s;
	struct err err = ERR_NONE;
	char *text = NULL;
	size_t len;
	FILE *to;

	T_CHECK(load(&s, name, &err) == RC_OK, "%s: %s", name, err.text);
	to = open_memstream(&text, &len);
	settings_print(&s, to);
	fclose(to);
	settings_fini(&s);
	return text;
}

static void
what_is_printed_loads_and_prints_the_same(void **state)
{
	char *once, *twice;

	(void)state;
	write_file("a.conf", GOOD
	    "tls { certificate = \"/a b\" key = \"/k\\\"\" }\n"
	    "geo { asn = \"/g\" }\nurl = \"https://c.example:8420/\"\n"
	    "alert \"ops\" { webhook = \"https://h.example/x?y=1\"\n"
	    "  kinds = { blackhole } at_least = \"critical\" }\n"
	    "alert \"chat\" { webhook = \"https://h.example/\"\n"
	    "  template = '{\"a\": \"{text} $\"}' open_for = 90s\n"
	    "  user = \"u\" password_file = \"p w\" in_drain = told }\n"
	    "alert \"mail\" { smtp = \"smtp://m.example:587\"\n"
	    "  from = \"a@b\" to = { \"c@d\", \"e@f\" } }\n"
	    "alert \"run\" { exec = { \"/bin/true\", \"a \\\"b\", \"\" } }\n"
	    "alert \"am\" { alertmanager = \"http://[::1]:9093/x\" }\n"
	    "alert \"log\" { syslog = \"udp://[::1]:514\" facility = "
	    "\"local7\" group_wait = 30s }\n");
	once = printed("a.conf");
	write_file("b.conf", once);
	twice = printed("b.conf");
	assert_string_equal(once, twice);
	free(once);
	free(twice);
	write_file("a.conf",
	    HEAD "  nsid = { \"{number}m* -> ?\", \"x -> yul\" }\n"
		 "  txt = { \"server {site}\" } txt_name = \"id.example\"\n"
		 "  method = { \"txt\", \"chaos\" }\n" SITE
		 "  site \"yul\" { alias = { \"mtl\", \"n1.yul\" }\n"
		 "    city = \"Montr\xc3\xa9"
		 "al, CA\" }\n}\n");
	once = printed("a.conf");
	write_file("b.conf", once);
	twice = printed("b.conf");
	assert_string_equal(once, twice);
	assert_non_null(strstr(once, "alias = { \"mtl\", \"n1.yul\" }\n"));
	assert_non_null(strstr(once, "txt_name = \"id.example.\"\n"));
	assert_non_null(strstr(once, "method = { \"txt\", \"chaos\" }\n"));
	free(once);
	free(twice);
	write_file("a.conf",
	    GOOD "alert \"ops\" { webhook = \"https://h.example/x?y=1\"\n"
		 "  kinds = { blackhole } at_least = \"critical\" }\n");
	once = printed("a.conf");
	twice = printed("a.conf");
	assert_non_null(strstr(once, "kinds = { \"blackhole\" }"));
	assert_non_null(strstr(once, "dns_every = 1m\n"));
	free(once);
	free(twice);
}

static void
the_example_that_we_ship_loads(void **state)
{
	struct settings s;
	struct err err = ERR_NONE;

	(void)state;
	T_CHECK(settings_load(&s, "collector/catchwater.conf.example", &err) ==
		    RC_OK,
	    "%s", err.text);
	assert_int_equal(s.services.list[0].n_sites, 2);
	assert_string_equal(s.alerts[0].name, "ops");
	settings_fini(&s);
}

static void
a_file_that_is_not_there_is_not_found(void **state)
{
	struct settings s;
	struct err err = ERR_NONE;

	(void)state;
	assert_int_equal(load(&s, "none.conf", &err), RC_NOTFOUND);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state)
{
	static const char *const names[] = { "a.conf", "b.conf", "d/1.conf",
		"d/2.conf", "d", "" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < T_LEN(names); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		remove(path);
	}
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_error_says_file_line_what_and_what_was_expected),
		cmocka_unit_test(a_template_that_can_mean_two_sites_is_refused),
		cmocka_unit_test(what_is_absent_has_its_default),
		cmocka_unit_test(what_is_said_is_in_force),
		cmocka_unit_test(decoys_are_there_unless_told_otherwise),
		cmocka_unit_test(
		    includes_are_read_beside_the_file_and_their_errors_are_theirs),
		cmocka_unit_test(what_is_printed_loads_and_prints_the_same),
		cmocka_unit_test(the_example_that_we_ship_loads),
		cmocka_unit_test(a_file_that_is_not_there_is_not_found),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

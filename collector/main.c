/* main.c - catchwater: finds the subcommand and runs it. */
#include "collector/commands.h"
#include "schema/base/program.h"

static const struct program_command commands[] = {
	{ "serve", command_serve,
	    "collect, detect and alert: the long-running program" },
	{ "check", command_check,
	    "load a configuration; print what is in force" },
	{ "catalogue", command_catalogue,
	    "well-known services, ready to be included" },
	{ "identify", command_identify,
	    "which service, site and city an identity is" },
	{ "reinterpret", command_reinterpret,
	    "read stored identities again after templates changed" },
	{ "token", command_token, "make, list and revoke enrolment tokens" },
	{ "vantages", command_vantages,
	    "list, show, quarantine, release and revoke vantages" },
	{ "catchment", command_catchment, "which vantages land at which site" },
	{ "shares", command_shares,
	    "the catchment of each site, moment by moment" },
	{ "landing", command_landing, "where one vantage landed, and when" },
	{ "diff", command_diff, "who moved between two moments" },
	{ "sites", command_sites,
	    "announced, healthy and receiving: the verdict per site" },
	{ "history", command_history,
	    "loss and round trips of a vantage or site over time" },
	{ "availability", command_availability,
	    "availability and latency of a month, by RSSAC047" },
	{ "whatif", command_whatif,
	    "who would take a site's vantages, and can they" },
	{ "coverage", command_coverage,
	    "which countries and networks the vantages stand for" },
	{ "events", command_events, "what happened, newest first" },
	{ "explain", command_explain,
	    "one event: gates, votes, raw evidence, paths" },
	{ "replay", command_replay,
	    "the events of the stored observations, detected again" },
	{ "import", command_import,
	    "take in history: RIPE Atlas results, catchment rounds" },
	{ "drain", command_drain, "empty a site on purpose, and verify it" },
	{ "announce", command_announce,
	    "tell that a site's route is up or down" },
	{ "status", command_status,
	    "probes, ingest, open events; size, and what it will be" },
	{ "backup", command_backup,
	    "copy the database to a new file, while it is at work" },
	{ "verify", command_verify,
	    "is the database whole, and does it agree with itself" },
	{ "alert", command_alert, "send a test through an alert channel" },
};

int
main(int argc, char **argv)
{
	static const struct program program = {
		.name = "catchwater",
		.summary = "where anycast traffic lands, and what moved",
		.commands = commands,
		.n_commands = sizeof commands / sizeof commands[0],
		.footer = "A TIME is 2026-11-21T08:00:00Z, now, today, "
			  "yesterday or -2h.\n",
	};

	return program_main(&program, argc, argv);
}

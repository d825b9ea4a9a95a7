/*
 * commands.h - the subcommands of catchwater.                      (wiring)
 *
 * Used by  collector/main.c
 *
 * Each takes its own arguments (argv[0] is the subcommand's name) and returns
 * the exit status: 0 done, 1 failed, 2 usage.
 */
#ifndef COLLECTOR_COMMANDS_H
#define COLLECTOR_COMMANDS_H

int command_serve(int argc, char **argv);
int command_check(int argc, char **argv);
int command_catalogue(int argc, char **argv);
int command_identify(int argc, char **argv);
int command_reinterpret(int argc, char **argv);
int command_token(int argc, char **argv);
int command_vantages(int argc, char **argv);
int command_catchment(int argc, char **argv);
int command_shares(int argc, char **argv);
int command_landing(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_sites(int argc, char **argv);
int command_events(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_import(int argc, char **argv);
int command_announce(int argc, char **argv);
int command_drain(int argc, char **argv);
int command_history(int argc, char **argv);
int command_availability(int argc, char **argv);
int command_whatif(int argc, char **argv);
int command_coverage(int argc, char **argv);
int command_status(int argc, char **argv);
int command_backup(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_alert(int argc, char **argv);

#endif

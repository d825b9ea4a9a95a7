/*
 * commands.h - the subcommands of catchwater-probe.                (wiring)
 *
 * Used by  probe/main.c, probe/main_upload.c
 *
 * Each takes its own arguments (argv[0] is the subcommand's name) and returns
 * the exit status: 0 done, 1 failed (for measure: no answer), 2 usage.
 */
#ifndef PROBE_COMMANDS_H
#define PROBE_COMMANDS_H

/* In catchwater-probe itself: they measure, and never speak TLS. */
int command_measure(int argc, char **argv);
int command_run(int argc, char **argv);
int command_doctor(int argc, char **argv);

/* In the helper program catchwater-upload, which has the network and the
 * spool but no raw socket: */
int command_enroll(int argc, char **argv);
int command_upload(int argc, char **argv);
int command_leave(int argc, char **argv);
int command_site(int argc, char **argv);
int
command_reach(int argc, char **argv);   /* for doctor: talk to the collector */
int command_dot(int argc, char **argv); /* DNS over TLS, for measuring */

#endif

/*
 * import_commands.h - what can be imported.                        (wiring)
 *
 * Used by  collector/import.c
 *
 * As those of commands.h; argv[0] is the word after import.
 */
#ifndef COLLECTOR_IMPORT_COMMANDS_H
#define COLLECTOR_IMPORT_COMMANDS_H

int import_atlas(int argc, char **argv);
int import_catchment(int argc, char **argv);

#endif

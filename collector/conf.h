/*
 * conf.h - configuration files with the place of every value.        (edge)
 *
 * Uses     libConfuse
 * Used by  collector/settings*.c
 *
 * libConfuse knows the line only while it reads.  conf notes where each value
 * stood and where each section ended, so that checks made afterwards can say
 * "file:line: what, expected what".  It refuses unknown and repeated keys and
 * sections, reads include("glob") after the file that asks for it, and checks
 * that strings and comments end.
 */
#ifndef COLLECTOR_CONF_H
#define COLLECTOR_CONF_H

#include <confuse.h>

#include "schema/base/err.h"

/* Rows of the option tables given to conf_read.  A section may stand once; a
 * named section once for each name. */
#define CONF_TEXT(name) CFG_STR_CB(name, NULL, CFGF_NODEFAULT, conf_note)
#define CONF_LIST(name) CFG_STR_LIST_CB(name, NULL, CFGF_NODEFAULT, conf_note)
#define CONF_SECTION(name, rows) CFG_SEC(name, rows, CFGF_NODEFAULT)
#define CONF_NAMED(name, rows) \
	CFG_SEC(name, rows, \
	    CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES | CFGF_NODEFAULT)
#define CONF_INCLUDE CFG_FUNC("include", conf_include)

/* Callbacks of the rows above; for the macros only. */
int conf_note(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result);
int conf_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv);

struct conf;

/* Reads a file and what it includes by the rows of opts.  Gives *out: release
 * with conf_free.  RC_NOTFOUND, RC_LIMIT, RC_SYS: the file; RC_MALFORMED: its
 * text.  Not for two threads at once: libConfuse has one lexer. */
MUST_USE enum rc conf_read(
    struct conf **out, const char *path, cfg_opt_t *opts, struct err *err);
void conf_free(struct conf *c); /* NULL is fine */

/* Lends the root section. */
cfg_t *conf_root(const struct conf *c);

/* Value i of a key, or NULL.  Lends. */
const char *conf_text(cfg_t *section, const char *key, unsigned i);

/* A path as seen from the folder of a file; absolute ones stay.  Gives. */
char *conf_beside(const char *file, const char *path);

/* Lends the path of the file in which the key's first value stands. */
const char *conf_path(const struct conf *c, cfg_t *section, const char *key);

/* The line in which value i of a key stands; 0 when that was not noted. */
int
conf_line(const struct conf *c, cfg_t *section, const char *key, unsigned i);

/* Fills *err with "file:line: " and the text; returns rc.  The line is that of
 * value i of the key (for a section: where section i ended); where nothing was
 * noted, that of the end of the section `within`, or the file alone. */
enum rc conf_fail(const struct conf *c, struct err *err, enum rc rc,
    cfg_t *within, const char *key, unsigned i, const char *fmt, ...)
    PRINTF_LIKE(7, 8);

#endif

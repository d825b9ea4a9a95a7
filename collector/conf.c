/* conf.c - see conf.h. */
#include "collector/conf.h"

#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collector/conf_scan.h"
#include "schema/base/file.h"
#include "schema/base/mem.h"
#include "schema/base/options.h"

#define MAX_FILES 1024
#define MAX_FILE_BYTES (1 << 20)
#define MAX_KEYS 40 /* of one section */

/* Where value i of an option stood. */
struct place {
	const cfg_opt_t *opt;
	unsigned i;
	size_t file;
	int line;
};

struct conf {
	cfg_t *root;
	size_t n_files, file; /* read so far and asked for; the present one */
	char *files[MAX_FILES];
	size_t n_places;
	struct place *places;
	struct err *err;
	bool has_failed;
};

/* libConfuse hands its callbacks no pointer of ours. */
static _Thread_local struct conf *reading;

static const struct place *
find_place(const struct conf *c, const cfg_opt_t *opt, unsigned i)
{
	for (size_t p = c->n_places; p-- > 0;)
		if (c->places[p].opt == opt && c->places[p].i == i)
			return &c->places[p];
	return NULL;
}

static void
note_place(struct conf *c, const cfg_opt_t *opt, unsigned i, int line)
{
	if ((c->n_places & (c->n_places - 1)) == 0)
		c->places = mem_grow(c->places,
		    c->n_places == 0 ? 1 : 2 * c->n_places, sizeof *c->places);
	c->places[c->n_places++] = (struct place){ opt, i, c->file, line };
}

/* A value in an error may hold what its file wrote as "\n". */
static void
make_one_line(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

/* The first failure counts: what follows it is noise. */
static enum rc fail_here(struct conf *c, int line, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
static enum rc
fail_here(struct conf *c, int line, const char *fmt, ...)
{
	char text[sizeof c->err->text];
	va_list ap;

	if (c->has_failed)
		return RC_MALFORMED;
	c->has_failed = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	make_one_line(text);
	return err_set(
	    c->err, RC_MALFORMED, "%s:%d: %s", c->files[c->file], line, text);
}

static void
fail_unknown(struct conf *c, cfg_t *cfg, const char *word)
{
	const char *names[MAX_KEYS], *near;
	size_t n = 0;

	for (; n < MAX_KEYS && cfg->opts[n].name != NULL; n++)
		names[n] = cfg->opts[n].name;
	near = options_suggest(word, names, n);
	if (near != NULL)
		fail_here(c, cfg->line,
		    "unknown key '%.40s', did you mean '%s'?", word, near);
	else if (cfg == c->root)
		fail_here(c, cfg->line,
		    "unknown key '%.40s', expected one such as database, "
		    "service or alert",
		    word);
	else
		fail_here(c, cfg->line,
		    "unknown key '%.40s' in section '%s', expected one such "
		    "as %s",
		    word, cfg->name, names[0]);
}

/* libConfuse's own complaints that deserve better words, by their format. */
static const struct {
	const char *format;
	const char *before, *after; /* of its one word */
} words[] = {
	{ "missing equal sign after option '%s'", "key '",
	    "' has no value, expected '=' after it" },
	{ "found duplicate title '%s'", "'",
	    "' is defined twice, expected every name once" },
	{ "missing opening brace for section '%s'", "section '",
	    "' has no body, expected '{'" },
	{ "missing title for section '%s'", "section '",
	    "' has no name, expected a name in quotes before '{'" },
	{ "unexpected token '%s'", "unexpected '",
	    "', expected a key, a value or '}' here" },
	{ "attempt to append to non-list option '%s'", "'",
	    "' is not a list, expected '=' in place of '+='" },
};

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	struct conf *c = reading;
	char text[160];

	if (strncmp(fmt, "no such option", 14) == 0) {
		fail_unknown(c, cfg, va_arg(ap, const char *));
		return;
	}
	if (strcmp(fmt, "premature end of file") == 0) {
		fail_here(
		    c, cfg->line, "the file ends too early, expected a value");
		return;
	}
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(fmt, words[i].format) != 0)
			continue;
		fail_here(c, cfg->line, "%s%.40s%s", words[i].before,
		    va_arg(ap, const char *), words[i].after);
		return;
	}
	vsnprintf(text, sizeof text, fmt, ap);
	fail_here(c, cfg->line, "%s", text);
}

/* Called for each value; opt->nvalues counts it already. */
int
conf_note(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	unsigned i = opt->nvalues - 1;

	if (find_place(reading, opt, i) != NULL) {
		fail_here(reading, cfg->line,
		    "key '%s' stands twice, expected it once", opt->name);
		return -1;
	}
	note_place(reading, opt, i, cfg->line);
	*(const char **)result = value;
	return 0;
}

/* Called when a section's last brace was read. */
static int
note_section(cfg_t *cfg, cfg_opt_t *opt)
{
	unsigned i = opt->nvalues - 1;

	if (find_place(reading, opt, i) != NULL) {
		fail_here(reading, cfg->line,
		    "section '%s' stands twice, expected it once", opt->name);
		return -1;
	}
	note_place(reading, opt, i, cfg->line);
	return 0;
}

char *
conf_beside(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	size_t n = slash != NULL ? (size_t)(slash - file) + 1 : 0;
	size_t size = n + strlen(path) + 1;
	char *whole;

	if (path[0] == '/' || n == 0)
		return mem_strdup(path);
	whole = mem_new(size);
	snprintf(whole, size, "%.*s%s", (int)n, file, path);
	return whole;
}

/* By what it is, not by how it is called: "../a.conf" may be a.conf. */
static bool
is_known_file(const struct conf *c, const char *path)
{
	struct stat known, asked;

	if (stat(path, &asked) != 0)
		return false; /* reading it will say why */
	for (size_t i = 0; i < c->n_files; i++)
		if (stat(c->files[i], &known) == 0 &&
		    known.st_dev == asked.st_dev &&
		    known.st_ino == asked.st_ino)
			return true;
	return false;
}

/* Files are queued: one that includes itself is read once. */
int
conf_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct conf *c = reading;
	char *pattern;
	glob_t found;
	int r;

	(void)opt;
	if (argc != 1)
		return (int)fail_here(c, cfg->line,
		    "include takes one file name, expected "
		    "include(\"services/*.conf\")");
	pattern = conf_beside(c->files[c->file], argv[0]);
	r = glob(pattern, 0, NULL, &found);
	free(pattern);
	if (r == GLOB_NOMATCH && strpbrk(argv[0], "*?[") != NULL)
		return 0; /* an empty folder is fine, a missing file is not */
	if (r != 0)
		return (int)fail_here(c, cfg->line,
		    "cannot include '%.80s', expected a file that exists",
		    argv[0]);
	for (size_t i = 0; i < found.gl_pathc && c->n_files < MAX_FILES; i++)
		if (!is_known_file(c, found.gl_pathv[i]))
			c->files[c->n_files++] = mem_strdup(found.gl_pathv[i]);
	globfree(&found);
	return 0;
}

static enum rc
parse_text(struct conf *c, char *text, size_t len, struct err *err)
{
	FILE *f;
	int r, line;

	if (conf_scan(text, len, &line, err) != RC_OK)
		return err_at(
		    err, RC_MALFORMED, "%s:%d", c->files[c->file], line);
	if (len == 0)
		return RC_OK; /* fmemopen wants something */
	f = fmemopen(text, len, "r");
	if (f == NULL)
		return err_sys(err, "%s", c->files[c->file]);
	r = cfg_parse_fp(c->root, f);
	fclose(f);
	if (r == CFG_SUCCESS && !c->has_failed)
		return RC_OK;
	return fail_here(c, c->root->line, "this cannot be read");
}

static enum rc
read_file(struct conf *c, struct err *err)
{
	char *text;
	size_t len;
	enum rc rc =
	    file_read(c->files[c->file], MAX_FILE_BYTES, &text, &len, err);

	if (rc != RC_OK)
		return rc;
	free(c->root->filename);
	c->root->filename = strdup(c->files[c->file]);
	rc = parse_text(c, text, len, err);
	free(text);
	return rc;
}

/* CFG_SEC has no room for a callback, and sections lie in sections. */
static void
note_sections(cfg_opt_t *opts)
{
	for (; opts->name != NULL; opts++) {
		if (opts->type != CFGT_SEC)
			continue;
		opts->validcb = note_section;
		note_sections(opts->subopts);
	}
}

enum rc
conf_read(struct conf **out, const char *path, cfg_opt_t *opts, struct err *err)
{
	struct conf *c = mem_new(sizeof *c);
	struct err unused;
	enum rc rc = RC_OK;

	c->err = err != NULL ? err : &unused;
	c->root = cfg_init(opts, CFGF_NONE);
	c->files[c->n_files++] = mem_strdup(path);
	note_sections(c->root->opts);
	cfg_set_error_function(c->root, on_error);
	reading = c;
	for (; rc == RC_OK && c->file < c->n_files; c->file++)
		rc = read_file(c, c->err);
	reading = NULL;
	if (rc != RC_OK) {
		conf_free(c);
		return rc;
	}
	*out = c;
	return RC_OK;
}

void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	cfg_free(c->root);
	for (size_t i = 0; i < c->n_files; i++)
		free(c->files[i]);
	free(c->places);
	free(c);
}

cfg_t *
conf_root(const struct conf *c)
{
	return c->root;
}

const char *
conf_text(cfg_t *section, const char *key, unsigned i)
{
	return i < cfg_size(section, key) ? cfg_getnstr(section, key, i) : NULL;
}

const char *
conf_path(const struct conf *c, cfg_t *section, const char *key)
{
	const struct place *p = find_place(c, cfg_getopt(section, key), 0);

	return c->files[p != NULL ? p->file : 0];
}

int
conf_line(const struct conf *c, cfg_t *section, const char *key, unsigned i)
{
	const struct place *p = find_place(c, cfg_getopt(section, key), i);

	return p != NULL ? p->line : 0;
}

/* The place of a section itself, found by the section. */
static const struct place *
section_place(const struct conf *c, const cfg_t *section)
{
	for (size_t p = 0; p < c->n_places; p++) {
		const cfg_opt_t *opt = c->places[p].opt;

		if (opt->type == CFGT_SEC && c->places[p].i < opt->nvalues &&
		    opt->values[c->places[p].i]->section == section)
			return &c->places[p];
	}
	return NULL;
}

enum rc
conf_fail(const struct conf *c, struct err *err, enum rc rc, cfg_t *within,
    const char *key, unsigned i, const char *fmt, ...)
{
	const struct place *p =
	    key == NULL ? NULL : find_place(c, cfg_getopt(within, key), i);
	char text[sizeof err->text];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	make_one_line(text);
	if (p == NULL)
		p = section_place(c, within);
	if (p == NULL)
		return err_set(err, rc, "%s: %s", c->files[0], text);
	return err_set(err, rc, "%s:%d: %s", c->files[p->file], p->line, text);
}

/* catalogue.c - see catalogue.h. */
#include "collector/catalogue.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/base/mem.h"
#include "schema/base/options.h"

/* From the folder of the program: installed, and built in the sources. */
static const char *const places[] = {
	"../share/catchwater/services",
	"../schema/services",
};
#define N_PLACES (sizeof places / sizeof places[0])

static void
add_entry(struct catalogue *c, const char *path)
{
	static const char suffix[] = ".conf";
	const char *slash = strrchr(path, '/');
	struct catalogue_entry *e;

	c->list = mem_grow(c->list, c->n + 1, sizeof *c->list);
	e = &c->list[c->n++];
	e->path = mem_strdup(path);
	e->name = mem_strdup(slash != NULL ? slash + 1 : path);
	e->name[strlen(e->name) - strlen(suffix)] = '\0';
}

static void
list_folder(struct catalogue *c, const char *dir)
{
	char pattern[PATH_MAX];
	glob_t found;

	if ((size_t)snprintf(pattern, sizeof pattern, "%s/*.conf", dir) >=
	    sizeof pattern)
		return;
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		add_entry(c, found.gl_pathv[i]);
	globfree(&found);
}

/* Lists the folder that belongs to this program. */
static void
list_own(struct catalogue *c)
{
	char self[PATH_MAX], dir[2 * PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	if (n <= 0)
		return;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	for (size_t i = 0; i < N_PLACES && c->n == 0; i++) {
		snprintf(dir, sizeof dir, "%s/%s", self, places[i]);
		list_folder(c, dir);
	}
}

enum rc
catalogue_open(struct catalogue *out, const char *dir, struct err *err)
{
	struct catalogue c = { 0 };

	if (dir != NULL)
		list_folder(&c, dir);
	else
		list_own(&c);
	if (c.n == 0)
		return err_set(err, RC_NOTFOUND,
		    "no catalogue in %s; say where it is with --catalogue DIR",
		    dir != NULL ? dir
				: "share/catchwater/services of this program");
	*out = c;
	return RC_OK;
}

void
catalogue_fini(struct catalogue *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++) {
		free(c->list[i].name);
		free(c->list[i].path);
	}
	free(c->list);
	*c = (struct catalogue){ 0 };
}

const struct catalogue_entry *
catalogue_find(const struct catalogue *c, const char *name, struct err *err)
{
	const char **names = mem_new((c->n + 1) * sizeof *names), *near;
	const struct catalogue_entry *found = NULL;

	for (size_t i = 0; i < c->n; i++) {
		names[i] = c->list[i].name;
		if (strcmp(name, names[i]) == 0)
			found = &c->list[i];
	}
	near = options_suggest(name, names, c->n);
	free(names);
	if (found == NULL)
		err_set(err, RC_NOTFOUND,
		    "no service '%.63s' in the catalogue; %s%s", name,
		    near != NULL ? "did you mean " : "'catchwater catalogue' ",
		    near != NULL ? near : "lists them");
	return found;
}

/*
 * catalogue.h - the folder of well-known services.                   (edge)
 *
 * Uses     collector/settings.h
 * Used by  catalogue_command, identify
 *
 * One file for each service, NAME.conf, as include() takes it.  They are
 * installed in share/catchwater/services beside the program's bin, and lie in
 * schema/services of the sources.
 */
#ifndef COLLECTOR_CATALOGUE_H
#define COLLECTOR_CATALOGUE_H

#include <stddef.h>

#include "collector/settings.h"
#include "schema/base/err.h"

struct catalogue_entry {
	char *name; /* of the service: the file's without ".conf" */
	char *path;
};

struct catalogue {
	size_t n;
	struct catalogue_entry *list; /* in the order of their names */
};

/* Lists the files of a folder; NULL: the one of this program.  Gives *out:
 * release with catalogue_fini.  RC_NOTFOUND: there is no such folder, or none
 * in it. */
MUST_USE enum rc
catalogue_open(struct catalogue *out, const char *dir, struct err *err);
void catalogue_fini(struct catalogue *c); /* NULL is fine */

/* Lends the entry; NULL, and *err says what is near, when there is none. */
const struct catalogue_entry *
catalogue_find(const struct catalogue *c, const char *name, struct err *err);

#endif

/* lists.c - see lists.h. */
#include "probe/lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "schema/base/file.h"

#define LIST_BYTES_MAX (1 << 20)

static void
name_file(
    struct list_file *f, const char *dir, const char *name, const char *given)
{
	*f = (struct list_file){ .is_required = given != NULL };
	if (given != NULL)
		snprintf(f->path, sizeof f->path, "%s", given);
	else
		state_path(f->path, dir, name);
}

void
lists_init(
    struct lists *l, const char *dir, const char *allow, const char *deny)
{
	name_file(&l->allow, dir, "allow", allow);
	name_file(&l->deny, dir, "deny", deny);
}

void
lists_fini(struct lists *l)
{
	if (l == NULL)
		return;
	acl_fini(&l->allow.acl);
	acl_fini(&l->deny.acl);
}

/* Notes which file it is and when it changed; zeros when there is none. */
static void
note_file(struct list_file *f)
{
	struct stat st = { 0 };

	if (stat(f->path, &st) != 0)
		st = (struct stat){ 0 };
	f->inode = st.st_ino;
	f->changed = st.st_ctim;
}

/* Reads the file of *old into *out, a new one. */
static enum rc
load_file(struct list_file *out, const struct list_file *old, struct err *err)
{
	struct list_file f = *old;
	char *text;
	size_t len;
	enum rc rc;

	note_file(&f);
	f.acl = (struct acl){ 0 };
	f.is_given = false;
	rc = file_read(f.path, LIST_BYTES_MAX, &text, &len, err);
	if (rc == RC_NOTFOUND && !f.is_required) {
		*out = f;
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	rc = acl_parse(&f.acl, text, len, f.path, err);
	free(text);
	f.is_given = true;
	if (rc == RC_OK)
		*out = f;
	return rc;
}

enum rc
lists_load(struct lists *l, struct err *err)
{
	struct lists fresh;
	enum rc rc = load_file(&fresh.allow, &l->allow, err);

	if (rc != RC_OK)
		return rc;
	rc = load_file(&fresh.deny, &l->deny, err);
	if (rc != RC_OK) {
		acl_fini(&fresh.allow.acl);
		return rc;
	}
	lists_fini(l);
	*l = fresh;
	return RC_OK;
}

static bool
is_stale(const struct list_file *f)
{
	struct list_file now = *f;

	note_file(&now);
	return now.inode != f->inode ||
	       now.changed.tv_sec != f->changed.tv_sec ||
	       now.changed.tv_nsec != f->changed.tv_nsec;
}

bool
lists_are_stale(const struct lists *l)
{
	return is_stale(&l->allow) || is_stale(&l->deny);
}

bool
lists_permit(const struct lists *l, const struct addr *a)
{
	return acl_permits(l->allow.is_given ? &l->allow.acl : NULL,
	    l->deny.is_given ? &l->deny.acl : NULL, a);
}

size_t
lists_apply(const struct lists *l, struct assignment *a, struct addr *first)
{
	size_t n_all = a->n_targets, n = 0;

	for (size_t i = 0; i < n_all; i++) {
		if (lists_permit(l, &a->targets[i].address))
			a->targets[n++] = a->targets[i];
		else if (n == i && first != NULL)
			*first = a->targets[i].address;
	}
	a->n_targets = n;
	assignment_index(a);
	return n_all - n;
}

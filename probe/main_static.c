/*
 * main_static.c - what a static probe must not ask of the C library.
 *
 * Linked into the program of `make probe-static` only.  glibc answers these
 * by shared libraries that it loads (nsswitch.conf(5)), which a static program
 * has not got on a small box.  libuv and c-ares contain calls of the first
 * three that the probe never comes to; run --user comes to the last two.
 */
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

struct servent *
getservbyname(const char *name, const char *proto)
{
	(void)name;
	(void)proto;
	return NULL;
}

int
getservbyport_r(int port, const char *proto, struct servent *entry, char *buf,
    size_t cap, struct servent **out)
{
	(void)port;
	(void)proto;
	(void)entry;
	(void)buf;
	(void)cap;
	*out = NULL;
	return ENOENT;
}

int
getpwuid_r(
    uid_t uid, struct passwd *entry, char *buf, size_t cap, struct passwd **out)
{
	(void)uid;
	(void)entry;
	(void)buf;
	(void)cap;
	*out = NULL;
	return 0;
}

/* From /etc/passwd alone. */
struct passwd *
getpwnam(const char *name)
{
	FILE *f = fopen("/etc/passwd", "re");
	struct passwd *entry = NULL;

	if (f == NULL)
		return NULL;
	do
		entry = fgetpwent(f);
	while (entry != NULL && strcmp(entry->pw_name, name) != 0);
	fclose(f);
	return entry;
}

/* The user's own group and no other. */
int
initgroups(const char *name, gid_t group)
{
	(void)name;
	return setgroups(1, &group);
}

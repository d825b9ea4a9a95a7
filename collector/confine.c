/* confine.c - see confine.h; the filter is tools/seccomp-filter.c's. */
#include "collector/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collector/confine_filter.h"
#include "schema/base/filter.h"

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14) /* since ABI 3 */
#endif

#define FILES \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_TRUNCATE)
#define NOWHERE \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* SQLite's, in its order. */
static const char *const temporary[] = { "/var/tmp", "/usr/tmp", "/tmp" };

/* Allows what to be done to a file, or to those in a folder; one that is not
 * there is none. */
static void
allow(int rules, const char *path, uint64_t what)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = what };

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return;
	(void)syscall(
	    SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

/* The folder of the file itself, whatever links lead to it. */
static void
allow_database(int rules, const char *database, uint64_t what)
{
	char *real = realpath(database, NULL);
	char folder[PATH_MAX];
	char *slash;

	snprintf(folder, sizeof folder, "%s", real != NULL ? real : database);
	free(real);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		snprintf(folder, sizeof folder, ".");
	else
		slash[slash == folder ? 1 : 0] = '\0';
	allow(rules, folder, what);
}

/* Returns 0, or an errno. */
static int
enter_landlock(const char *database)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t known =
	    abi >= 3 ? UINT64_MAX : ~(uint64_t)LANDLOCK_ACCESS_FS_TRUNCATE;
	struct landlock_ruleset_attr attr = { .handled_access_fs =
						  (FILES | NOWHERE) & known };
	int rules, sys_errno = 0;

	if (abi < 1)
		return errno;
	rules =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	if (rules < 0)
		return errno;
	allow_database(rules, database, FILES & known);
	for (size_t i = 0; i < sizeof temporary / sizeof temporary[0]; i++)
		allow(rules, temporary[i], FILES & known);
	allow(rules, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		sys_errno = errno;
	close(rules);
	return sys_errno;
}

void
confine_enter(struct confined *out, const char *database)
{
	int sys_errno = enter_landlock(database);

	*out = (struct confined){ .has_landlock = sys_errno == 0 };
	if (sys_errno == ENOSYS || sys_errno == EOPNOTSUPP)
		snprintf(out->landlock_reason, sizeof out->landlock_reason,
		    "this system has no Landlock");
	else if (sys_errno != 0)
		snprintf(out->landlock_reason, sizeof out->landlock_reason,
		    "Landlock: %s", strerror(sys_errno));
	out->has_filter = filter_install(confine_filter,
	    sizeof confine_filter / sizeof confine_filter[0],
	    out->filter_reason, sizeof out->filter_reason);
}

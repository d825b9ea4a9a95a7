/* user.c - see user.h. */
#include "probe/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

static enum rc
keep_only_net_raw(struct err *err)
{
	cap_value_t net_raw = CAP_NET_RAW;
	cap_t caps = cap_init();
	int status;

	if (caps == NULL)
		return err_sys(err, "cap_init");
	cap_set_flag(caps, CAP_PERMITTED, 1, &net_raw, CAP_SET);
	cap_set_flag(caps, CAP_EFFECTIVE, 1, &net_raw, CAP_SET);
	status = cap_set_proc(caps);
	cap_free(caps);
	/* Not even root may have it, in a container: socks does without. */
	if (status != 0 && errno != EPERM)
		return err_sys(err, "cannot keep CAP_NET_RAW");
	return RC_OK;
}

enum rc
user_become(const char *name, struct err *err)
{
	struct passwd *user = getpwnam(name);

	if (user == NULL)
		return err_set(
		    err, RC_NOTFOUND, "--user %s: no such user", name);
	if (user->pw_uid == geteuid())
		return RC_OK;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
	    initgroups(name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
	    setuid(user->pw_uid) != 0)
		return err_sys(
		    err, "--user %s: cannot become that user (root can)", name);
	return keep_only_net_raw(err);
}

enum rc
user_forget_capabilities(struct err *err)
{
	cap_t none = cap_init();
	int status = none == NULL ? -1 : cap_set_proc(none);

	cap_free(none);
	return status == 0 ? RC_OK : err_sys(err, "cannot drop capabilities");
}

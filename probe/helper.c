/* helper.c - see helper.h. */
#include "probe/helper.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define NAME "catchwater-upload"

enum rc
helper_find(char out[static HELPER_PATH_MAX], struct err *err)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n > 0) {
		self[n] = '\0';
		snprintf(out, HELPER_PATH_MAX, "%s/" NAME, dirname(self));
		if (access(out, X_OK) == 0)
			return RC_OK;
	}
	snprintf(out, HELPER_PATH_MAX, "%s", CATCHWATER_LIBEXEC "/" NAME);
	if (access(out, X_OK) == 0)
		return RC_OK;
	return err_set(err, RC_NOTFOUND,
	    NAME " is neither beside this program nor in " CATCHWATER_LIBEXEC
		 "; install it ('make install')");
}

/* capture_lib.c - see capture_lib.h. */
#include "probe/capture_lib.h"

#ifdef CATCHWATER_SMALL
/* A static program has no dynamic loader. */
enum rc
capture_lib_load(struct capture_lib *out, struct err *err)
{
	(void)out;
	return err_set(err, RC_NOTFOUND,
	    "this small build has none; use the ordinary one, or tcpdump");
}

#else /* the ordinary build */

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

/* Debian's name, and everybody else's. */
static const char *const file_names[] = { "libpcap.so.0.8", "libpcap.so.1" };

static const struct {
	const char *name;
	size_t offset; /* of the pointer in struct capture_lib */
} calls[] = {
#define CAPTURE_LIB_ROW(name) \
	{ "pcap_" #name, offsetof(struct capture_lib, name) },
	CAPTURE_LIB_CALLS(CAPTURE_LIB_ROW)
#undef CAPTURE_LIB_ROW
};

static enum rc
find_calls(struct capture_lib *lib, void *handle, struct err *err)
{
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		void *call = dlsym(handle, calls[i].name);

		if (call == NULL)
			return err_set(err, RC_NOTFOUND,
			    "this libpcap has no %s; install a newer one",
			    calls[i].name);
		memcpy((char *)lib + calls[i].offset, &call, sizeof call);
	}
	return RC_OK;
}

enum rc
capture_lib_load(struct capture_lib *out, struct err *err)
{
	void *handle = NULL;

	for (size_t i = 0; i < 2 && handle == NULL; i++)
		handle = dlopen(file_names[i], RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL)
		return err_set(err, RC_NOTFOUND,
		    "libpcap is not installed (Debian: libpcap0.8)");
	return find_calls(out, handle, err);
}

#endif

/*
 * capture_lib.h - libpcap, loaded only when somebody wants a capture. (edge)
 *
 * Uses     libpcap, the dynamic loader
 * Used by  probe/capture.c
 *
 * Debian's libpcap brings D-Bus, systemd and seven more libraries along; a
 * probe that captures nothing shall not carry them.
 */
#ifndef PROBE_CAPTURE_LIB_H
#define PROBE_CAPTURE_LIB_H

#include <pcap/pcap.h>

#include "schema/base/err.h"

/* Every function of libpcap that is used, without its "pcap_". */
#define CAPTURE_LIB_CALLS(X) \
	X(create) \
	X(set_snaplen) \
	X(set_timeout) \
	X(set_buffer_size) \
	X(set_tstamp_precision) \
	X(activate) \
	X(set_datalink) \
	X(setnonblock) \
	X(compile) \
	X(setfilter) \
	X(freecode) \
	X(get_selectable_fd) \
	X(dispatch) \
	X(stats) \
	X(geterr) \
	X(statustostr) \
	X(close) \
	X(dump_open) \
	X(dump) \
	X(dump_flush) \
	X(dump_close)

struct capture_lib {
#define CAPTURE_LIB_MEMBER(name) __typeof__(pcap_##name) *name;
	CAPTURE_LIB_CALLS(CAPTURE_LIB_MEMBER)
#undef CAPTURE_LIB_MEMBER
};

/* Loads it, for good.  RC_NOTFOUND: it is not installed, or too old. */
MUST_USE enum rc capture_lib_load(struct capture_lib *out, struct err *err);

#endif

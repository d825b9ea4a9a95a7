/*
 * capture.h - keeps our own packets, both ways, in a file.           (edge)
 *
 * Uses     probe/capture_lib.h, probe/capture_filter.h, libuv
 * Used by  probe/measure*.c
 *
 * The order is that of the sockets: opened with privilege, before anything is
 * read, with a filter that takes nothing; then the file, by the ordinary user
 * that is left; then, target by target, a filter that takes what is ours.  All
 * functions but capture_open are fine with NULL: nobody wants a capture.
 */
#ifndef PROBE_CAPTURE_H
#define PROBE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "schema/base/addr.h"
#include "schema/base/err.h"

struct capture; /* opaque */

struct capture_counts {
	uint64_t n_written;
	unsigned n_dropped; /* by the kernel: its buffer was full */
};

/* Does a command line ask for a capture?  All that is looked at before the
 * privileges are gone: whether an argument begins like --pcap. */
bool capture_is_wanted(int argc, char **argv);

/* Opens a capture of all interfaces that takes nothing yet.  Call it before
 * socks_open.  Gives *out: release with capture_free.  RC_NOTFOUND: no
 * libpcap.  RC_SYS: not permitted; *err says what would be. */
MUST_USE enum rc capture_open(struct capture **out, struct err *err);

/* Makes the file and hangs the capture on the loop.  ports: of the service,
 * n_ports of them (CAPTURE_PORTS_MAX at most are used).  RC_SYS: the file. */
MUST_USE enum rc capture_start(struct capture *c, uv_loop_t *loop,
    const char *path, const uint16_t *ports, size_t n_ports, struct err *err);

/* From now on takes packets to and from target too.  Call it before the first
 * packet leaves; again is fine, and cheap. */
void capture_add(struct capture *c, const struct addr *target);

/* Takes what is on its way (waits up to a quarter of a second), completes the
 * file and closes the loop's handle: run the loop once more before it is
 * closed.  RC_SYS: not all of it is in the file. */
MUST_USE enum rc
capture_stop(struct capture *c, struct capture_counts *out, struct err *err);

/* After capture_stop, when it was started, and after the loop has run. */
void capture_free(struct capture *c);

#endif

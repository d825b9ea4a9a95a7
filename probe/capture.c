/* capture.c - see capture.h. */
#include "probe/capture.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "probe/capture_filter.h"
#include "probe/capture_lib.h"
#include "schema/base/mem.h"

#define SNAP_BYTES 65535
#define BUFFER_BYTES (2 << 20)
#define DRAINS_MAX 20 /* at the end */
#define TIMEOUT_MS 50 /* until the kernel hands over a block not yet full */

struct capture {
	struct capture_lib lib;
	pcap_t *pcap;
	pcap_dumper_t *dumper;
	uv_poll_t poll;
	bool is_polling;
	uint64_t n_written;
	struct capture_filter filter;
	struct err fault; /* the first; told at the end */
};

bool
capture_is_wanted(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--pc", 4) == 0)
			return true;
	return false;
}

static enum rc
pcap_fault(const struct capture *c, const char *what, struct err *err)
{
	return err_set(
	    err, RC_SYS, "--pcap: %s: %s", what, c->lib.geterr(c->pcap));
}

/* From here on no packet of the host is kept but by a filter of ours. */
static enum rc
take_nothing(struct capture *c, struct err *err)
{
	struct bpf_insn drop = { .code = BPF_RET | BPF_K, .k = 0 };
	struct bpf_program program = { .bf_len = 1, .bf_insns = &drop };

	return c->lib.setfilter(c->pcap, &program) == 0
		   ? RC_OK
		   : pcap_fault(c, "filter", err);
}

static enum rc
explain_refusal(const struct capture *c, int status, struct err *err)
{
	if (status == PCAP_ERROR_PERM_DENIED)
		return err_set(err, RC_SYS,
		    "--pcap: only root or CAP_NET_RAW may capture: run it as "
		    "root, or 'setcap cap_net_raw+ep' the program, or leave "
		    "--pcap out and run tcpdump beside it");
	return status == PCAP_ERROR ? pcap_fault(c, "capture", err)
				    : err_set(err, RC_SYS, "--pcap: %s",
					  c->lib.statustostr(status));
}

/* All interfaces, since a route may change; with the interface's name in each
 * packet where libpcap has that format (SLL2), else without (SLL). */
static enum rc
activate(struct capture *c, struct err *err)
{
	const struct capture_lib *lib = &c->lib;
	int status;

	lib->set_snaplen(c->pcap, SNAP_BYTES);
	lib->set_timeout(c->pcap, TIMEOUT_MS);
	lib->set_buffer_size(c->pcap, BUFFER_BYTES);
	lib->set_tstamp_precision(c->pcap, PCAP_TSTAMP_PRECISION_NANO);
	status = lib->activate(c->pcap);
	if (status < 0)
		return explain_refusal(c, status, err);
	(void)lib->set_datalink(c->pcap, DLT_LINUX_SLL2);
	return take_nothing(c, err);
}

enum rc
capture_open(struct capture **out, struct err *err)
{
	struct capture *c = mem_new(sizeof *c);
	char reason[PCAP_ERRBUF_SIZE] = "";
	enum rc rc = capture_lib_load(&c->lib, err);

	if (rc != RC_OK) {
		free(c);
		return err_at(err, rc, "--pcap");
	}
	c->pcap = c->lib.create("any", reason);
	rc = c->pcap == NULL ? err_set(err, RC_SYS, "--pcap: %s", reason)
			     : activate(c, err);
	if (rc == RC_OK)
		*out = c;
	else
		capture_free(c);
	return rc;
}

static void
keep(u_char *ctx, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct capture *c = (struct capture *)(void *)ctx;

	c->lib.dump((u_char *)c->dumper, header, bytes);
	c->n_written++;
}

static void
note_fault(struct capture *c, const char *what)
{
	if (c->fault.rc == RC_OK)
		(void)pcap_fault(c, what, &c->fault);
}

/* Takes what the kernel has handed over.  Returns how many packets. */
static int
drain(struct capture *c)
{
	int n = c->lib.dispatch(c->pcap, -1, keep, (u_char *)c);

	if (n < 0)
		note_fault(c, "capture");
	return n;
}

static void
on_packets(uv_poll_t *poll, int status, int events)
{
	(void)events;
	/* An interface that went down is no end, but must not keep us busy. */
	if (drain(poll->data) < 0 || status < 0)
		uv_poll_stop(poll);
}

static enum rc
start_polling(struct capture *c, uv_loop_t *loop, struct err *err)
{
	int fd = c->lib.get_selectable_fd(c->pcap);
	int status = uv_poll_init(loop, &c->poll, fd);

	if (status != 0)
		return err_set(err, RC_SYS, "--pcap: %s", uv_strerror(status));
	c->is_polling = true;
	c->poll.data = c;
	uv_poll_start(&c->poll, UV_READABLE, on_packets);
	uv_unref((uv_handle_t *)&c->poll); /* measuring decides how long */
	return RC_OK;
}

enum rc
capture_start(struct capture *c, uv_loop_t *loop, const char *path,
    const uint16_t *ports, size_t n_ports, struct err *err)
{
	char reason[PCAP_ERRBUF_SIZE] = "";

	if (c == NULL)
		return RC_OK;
	for (size_t i = 0; i < n_ports && i < CAPTURE_PORTS_MAX; i++)
		c->filter.ports[i] = ports[i];
	if (c->lib.setnonblock(c->pcap, 1, reason) != 0)
		return err_set(err, RC_SYS, "--pcap: %s", reason);
	errno = 0;
	c->dumper = c->lib.dump_open(c->pcap, path);
	if (c->dumper == NULL)
		return err_set(err, RC_SYS, "--pcap: %s%s",
		    c->lib.geterr(c->pcap),
		    errno == EACCES ? " (root has no more rights here than any "
				      "owner: take a folder of root's, or /tmp)"
				    : "");
	return start_polling(c, loop, err);
}

void
capture_add(struct capture *c, const struct addr *target)
{
	char text[CAPTURE_FILTER_MAX];
	struct bpf_program program;

	if (c == NULL || !capture_filter_add(&c->filter, target))
		return;
	capture_filter_write(&c->filter, text);
	if (c->lib.compile(c->pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN) !=
	    0) {
		note_fault(c, "filter");
		return;
	}
	if (c->lib.setfilter(c->pcap, &program) != 0)
		note_fault(c, "filter");
	c->lib.freecode(&program);
}

/* The kernel hands a block over when it is full, or after the timeout. */
static void
drain_the_rest(struct capture *c)
{
	struct pollfd fd = { .fd = c->lib.get_selectable_fd(c->pcap),
		.events = POLLIN };

	for (unsigned i = 0; i < DRAINS_MAX; i++)
		if (poll(&fd, 1, 2 * TIMEOUT_MS) <= 0 || drain(c) < 0)
			return;
}

static enum rc
close_file(struct capture *c, struct err *err)
{
	int status = c->lib.dump_flush(c->dumper);

	if (status != 0)
		err_sys(err, "--pcap: the file is not complete");
	c->lib.dump_close(c->dumper);
	c->dumper = NULL;
	return status == 0 ? RC_OK : RC_SYS;
}

enum rc
capture_stop(struct capture *c, struct capture_counts *out, struct err *err)
{
	struct pcap_stat stat = { 0 };

	*out = (struct capture_counts){ 0 };
	if (c == NULL || !c->is_polling)
		return RC_OK;
	drain_the_rest(c);
	(void)c->lib.stats(c->pcap, &stat);
	out->n_written = c->n_written;
	out->n_dropped = stat.ps_drop;
	uv_close((uv_handle_t *)&c->poll, NULL);
	c->is_polling = false;
	if (c->fault.rc != RC_OK)
		*err = c->fault;
	if (close_file(c, c->fault.rc == RC_OK ? err : NULL) != RC_OK)
		return RC_SYS;
	return c->fault.rc;
}

void
capture_free(struct capture *c)
{
	if (c == NULL)
		return;
	if (c->dumper != NULL)
		c->lib.dump_close(c->dumper);
	if (c->pcap != NULL)
		c->lib.close(c->pcap);
	free(c);
}

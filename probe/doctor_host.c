/* doctor_host.c - see doctor_host.h. */
#include "probe/doctor_host.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/capability.h>

#include "probe/doctor_line.h"
#include "probe/stamps.h"

/* What goes without, in the modes from first to last. */
static const struct {
	enum socks_mode last;
	const char *what;
} losses[] = {
	{ SOCKS_NONE, "ping by ICMP: it goes by TCP connections" },
	{ SOCKS_NONE, "traceroute by ICMP: it goes by UDP" },
	{ SOCKS_DATAGRAM,
	    "hops whose routers quote only 8 bytes of the packet: they show "
	    "as silent" },
	{ SOCKS_DATAGRAM,
	    "traceroute by TCP with all TTLs in flight: one after the other" },
	{ SOCKS_DATAGRAM, "captures (measure --pcap)" },
};

void
doctor_icmp(int family, const struct socks_icmp *icmp)
{
	char step[16];

	snprintf(step, sizeof step, "icmp v%d", family);
	if (icmp->mode == SOCKS_RAW) {
		doctor_line(
		    "ok", step, "raw: %s; nothing is lost", icmp->reason);
		return;
	}
	doctor_line(
	    "warn", step, "%s: %s", socks_mode_name(icmp->mode), icmp->reason);
	for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++)
		if (icmp->mode <= losses[i].last)
			doctor_more("lost: %s", losses[i].what);
	doctor_more("for all of it: run it as root (it keeps no privilege), or "
		    "'setcap cap_net_raw+ep' the program%s",
	    icmp->mode == SOCKS_NONE
		? "; for ping: widen net.ipv4.ping_group_range"
		: "");
}

void
doctor_stamps(void)
{
	struct stamps s = stamps_try();

	if (s.has_departure && s.has_arrival)
		doctor_line("ok", "stamps",
		    "the kernel's, of packets that leave and that come");
	else
		doctor_line("warn", "stamps",
		    "%s the program's own: lost: round trips grow with the "
		    "load of this host",
		    s.has_arrival     ? "of packets that leave,"
		    : s.has_departure ? "of packets that come,"
				      : "all");
}

/* Has this process a capability left? */
static bool
has_capability(void)
{
	cap_t now = cap_get_proc();
	cap_t none = cap_init();
	bool is_some = now == NULL || none == NULL || cap_compare(now, none);

	cap_free(now);
	cap_free(none);
	return is_some;
}

void
doctor_sandbox(const struct sandbox *sandbox)
{
	bool is_bare = !has_capability() && sandbox_has_no_new_privileges();

	doctor_line(is_bare ? "ok" : "FAIL", "privilege",
	    is_bare ? "no capability is left, and none can be got back "
		      "(no_new_privs)"
		    : "it could not all be dropped");
	doctor_line(sandbox->is_on ? "ok" : "warn", "sandbox", "%s: %s",
	    sandbox->is_on ? "on" : "off", sandbox->reason);
	doctor_more(
	    "catchwater-probe site, and the commands it is given, run in the "
	    "same filter: what needs new privileges, as sudo, fails there");
}

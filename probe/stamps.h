/*
 * stamps.h - does this kernel say when a packet left and came?       (edge)
 *
 * Uses     probe/ancillary.h
 * Used by  probe/doctor_host.c
 */
#ifndef PROBE_STAMPS_H
#define PROBE_STAMPS_H

#include <stdbool.h>

struct stamps {
	bool has_departure, has_arrival;
};

/* Sends one packet to itself over loopback, with SO_TIMESTAMPING asked for,
 * and waits up to a second for the packet and both stamps.  What cannot be
 * tried counts as not there. */
struct stamps stamps_try(void);

#endif

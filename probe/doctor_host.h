/*
 * doctor_host.h - what this host lets the probe do, and what that costs.
 *                                                                    (edge)
 * Uses     probe/socks.h, sandbox, stamps, doctor_line
 * Used by  probe/doctor.c
 */
#ifndef PROBE_DOCTOR_HOST_H
#define PROBE_DOCTOR_HOST_H

#include "probe/sandbox.h"
#include "probe/socks.h"

/* For a family: the mode in force, why, what is lost in it, and how to get
 * more. */
void doctor_icmp(int family, const struct socks_icmp *icmp);

/* Who says when packets leave and come: the kernel or we. */
void doctor_stamps(void);

/* That nothing can be got back, and that little can be done. */
void doctor_sandbox(const struct sandbox *sandbox);

#endif

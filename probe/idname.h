/*
 * idname.h - the name that a server is asked for its identity by.    (pure)
 *
 * Uses     probe/dnsmsg.h, probe/question.h
 * Used by  probe/measure_options.c, probe/engine_dns.c
 */
#ifndef PROBE_IDNAME_H
#define PROBE_IDNAME_H

#include "probe/dnsmsg.h"
#include "probe/question.h"
#include "schema/base/err.h"

/* Reads "NAME [CLASS]", as in "id.server CHAOS" or
 * "identity.l.root-servers.org IN".  The class is CH, CHAOS or IN in any
 * case; without one it is CH for a name under bind or server, else IN.
 * RC_MALFORMED: no name (dnsmsg_question_set), the root, another class, or
 * something more. */
MUST_USE enum rc idname_parse(char name[static ZONE_TEXT_MAX + 1],
    enum name_class *class, const char *text);

enum dnsmsg_class idname_dns_class(enum name_class class);

#endif

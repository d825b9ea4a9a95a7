/*
 * helper.h - where the helper program catchwater-upload is.          (edge)
 *
 * Used by  probe/main.c, run, doctor
 */
#ifndef PROBE_HELPER_H
#define PROBE_HELPER_H

#include "schema/base/err.h"

#define HELPER_PATH_MAX 4160

/* Finds it beside the running program (a build folder), or where 'make
 * install' puts it, seen from there: any prefix will do.  RC_NOTFOUND. */
MUST_USE enum rc helper_find(char out[static HELPER_PATH_MAX], struct err *err);

#endif

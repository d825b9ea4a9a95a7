/*
 * helper.h - where the helper program catchwater-upload is.          (edge)
 *
 * Used by  probe/main.c, run, doctor
 */
#ifndef PROBE_HELPER_H
#define PROBE_HELPER_H

#include "schema/base/err.h"

#define HELPER_PATH_MAX 4160

/* Finds it beside the running program (a build folder), else where 'make
 * install' puts it.  RC_NOTFOUND. */
MUST_USE enum rc helper_find(char out[static HELPER_PATH_MAX], struct err *err);

#endif

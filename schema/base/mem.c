/* mem.c - see mem.h. */
#include "schema/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
checked(void *p)
{
	if (p == NULL) {
		fputs("<2>out of memory\n", stderr);
		abort();
	}
	return p;
}

void *
mem_new(size_t n)
{
	return checked(calloc(1, n > 0 ? n : 1));
}

void *
mem_grow(void *old, size_t n, size_t size)
{
	return checked(reallocarray(old, n > 0 ? n : 1, size));
}

char *
mem_strdup(const char *s)
{
	return s == NULL ? NULL : checked(strdup(s));
}

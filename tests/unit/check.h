/*
 * check.h - cmocka, and a check that names the row of a table.
 *
 * Used by  tests/unit, tests/sim
 */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define T_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Fails the running cmocka test with a formatted message. */
#define T_CHECK(claim, ...) \
	do { \
		if (!(claim)) { \
			print_error( \
			    "%s:%d: %s: ", __FILE__, __LINE__, #claim); \
			print_error(__VA_ARGS__); \
			print_error("\n"); \
			fail(); \
		} \
	} while (0)

#endif

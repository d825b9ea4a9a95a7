/*
 * sql_text.h - the migrations of schema/sql, in order.               (pure)
 *
 * Used by  collector/store.c
 *
 * Written by tools/embed-sql at build time.  Migration i (from 0) brings the
 * database from user_version i to i + 1.
 */
#ifndef SCHEMA_SQL_TEXT_H
#define SCHEMA_SQL_TEXT_H

extern const char *const sql_migrations[];
extern const unsigned sql_n_migrations;

#endif

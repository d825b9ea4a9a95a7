/* head.c - see head.h. */
#include "collector/head.h"

#include <string.h>

struct sum {
	size_t n_bytes;
	bool is_clean; /* every name and value so far */
};

/* RFC 9110 section 5.6.2. */
static bool
is_token(const char *name)
{
	static const char others[] = "!#$%&'*+-.^_`|~0123456789"
				     "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return name[0] != '\0' && name[strspn(name, others)] == '\0';
}

/* No control character but the tab (section 5.5). */
static bool
is_value(const char *value)
{
	for (; *value != '\0'; value++)
		if (((unsigned char)*value < ' ' && *value != '\t') ||
		    *value == 0x7f)
			return false;
	return true;
}

static size_t
length(const char *text)
{
	return text == NULL ? 0 : strlen(text);
}

static enum MHD_Result
add_header(
    void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct sum *s = cls;

	(void)kind;
	s->n_bytes += length(name) + strlen(": ") + length(value) + 2;
	s->is_clean =
	    s->is_clean && is_token(name) && (value == NULL || is_value(value));
	return MHD_YES;
}

/* Of "?a=b&c". */
static enum MHD_Result
add_argument(
    void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct sum *s = cls;

	(void)kind;
	s->n_bytes += 1 + length(name); /* and '?' or '&' */
	s->n_bytes += value == NULL ? 0 : strlen("=") + strlen(value);
	return MHD_YES;
}

bool
head_is_plain(struct MHD_Connection *connection, const char *method,
    const char *path, const char *version)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct sum s = { .is_clean = true };

	(void)MHD_get_connection_values(
	    connection, MHD_HEADER_KIND, add_header, &s);
	(void)MHD_get_connection_values(
	    connection, MHD_GET_ARGUMENT_KIND, add_argument, &s);
	s.n_bytes += strlen(method) + 1 + strlen(path) + 1 + strlen(version);
	return info != NULL && s.is_clean &&
	       info->header_size == s.n_bytes + 2 * strlen("\r\n");
}

/* asn.c - see asn.h. */
#include "probe/asn.h"

#include <maxminddb.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

struct asn {
	MMDB_s db;
};

enum rc
asn_open(struct asn **out, const char *path, struct err *err)
{
	struct asn *a = mem_new(sizeof *a);
	int r = MMDB_open(path, MMDB_MODE_MMAP, &a->db);

	if (r == MMDB_SUCCESS) {
		*out = a;
		return RC_OK;
	}
	free(a);
	return err_set(err,
	    r == MMDB_FILE_OPEN_ERROR ? RC_NOTFOUND : RC_MALFORMED,
	    "AS database %s: %s", path, MMDB_strerror(r));
}

void
asn_close(struct asn *a)
{
	if (a == NULL)
		return;
	MMDB_close(&a->db);
	free(a);
}

/* Bytes of the control character at s, in ASCII or (C1) UTF-8; else 0. */
static size_t
control_len(const char *s, size_t len)
{
	unsigned char c = (unsigned char)s[0];

	if (c < ' ' || c == 0x7f)
		return 1;
	return c == 0xc2 && len > 1 && (unsigned char)s[1] < 0xa0 ? 2 : 0;
}

/* Copies without control characters, whole characters only. */
static void
copy_name(char to[static ASN_NAME_MAX + 1], const char *from, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < ASN_NAME_MAX;) {
		size_t control = control_len(from + i, len - i);

		if (control == 0)
			to[n++] = from[i];
		i += control > 0 ? control : 1;
	}
	if (n == ASN_NAME_MAX) /* the last character may be cut */
		while (n > 0 && ((unsigned char)to[n - 1] & 0xc0) == 0x80)
			n--;
	if (n > 0 && (unsigned char)to[n - 1] >= 0xc0)
		n--;
	to[n] = '\0';
}

enum rc
asn_find(const struct asn *a, const struct addr *address, struct asn_entry *out)
{
	struct sockaddr_storage ss;
	MMDB_lookup_result_s found;
	MMDB_entry_data_s data;
	int r = MMDB_SUCCESS;

	if (a == NULL || address->family == 0)
		return RC_NOTFOUND;
	addr_to_sockaddr(address, 0, &ss);
	found = MMDB_lookup_sockaddr(&a->db, (struct sockaddr *)&ss, &r);
	if (r != MMDB_SUCCESS || !found.found_entry ||
	    MMDB_get_value(&found.entry, &data, "autonomous_system_number",
		NULL) != MMDB_SUCCESS ||
	    !data.has_data || data.type != MMDB_DATA_TYPE_UINT32)
		return RC_NOTFOUND;
	*out = (struct asn_entry){ .number = data.uint32 };
	if (MMDB_get_value(&found.entry, &data,
		"autonomous_system_organization", NULL) == MMDB_SUCCESS &&
	    data.has_data && data.type == MMDB_DATA_TYPE_UTF8_STRING)
		copy_name(out->name, data.utf8_string, data.data_size);
	return RC_OK;
}

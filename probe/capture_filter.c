/* capture_filter.c - see capture_filter.h. */
#include "probe/capture_filter.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* An ICMP error's type, and where it quotes the destination: behind 8 bytes
 * of ICMP, 16 (IPv4) or 24 (IPv6) bytes into the quoted header. */
#define ERROR_4 "(icmp[0]=3 or icmp[0]=11 or icmp[0]=12)"
#define ERROR_6 "(icmp6[0]>=1 and icmp6[0]<=4)"
#define QUOTED_4 24
#define QUOTED_6 32

struct text {
	char *at;
	size_t room;
};

static void PRINTF_LIKE(2, 3) put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, t->room, fmt, ap);
	va_end(ap);
	assert(n >= 0 && (size_t)n < t->room);
	t->at += n;
	t->room -= (size_t)n;
}

bool
capture_filter_add(struct capture_filter *f, const struct addr *target)
{
	if (f->is_wide)
		return false;
	for (size_t i = 0; i < f->n_targets; i++)
		if (addr_equal(&f->targets[i], target))
			return false;
	if (f->n_targets < CAPTURE_TARGETS_MAX)
		f->targets[f->n_targets++] = *target;
	else
		f->is_wide = true;
	return true;
}

static uint32_t
word_of(const struct addr *a, size_t i)
{
	const uint8_t *b = a->bytes + 4 * i;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
}

/* What a service is spoken to by; the later fragments have no ports. */
static void
put_kinds(struct text *t, const struct capture_filter *f)
{
	put(t, "(icmp or icmp6 or ip[6:2]&0x1fff!=0 or ip6[6]=44");
	for (size_t i = 0; i < CAPTURE_PORTS_MAX; i++)
		if (f->ports[i] != 0)
			put(t, " or port %u", (unsigned)f->ports[i]);
	put(t, ")");
}

static void
put_quote(struct text *t, const struct addr *target)
{
	if (target->family == 4) {
		put(t, " or icmp[%d:4]=0x%08" PRIx32, QUOTED_4,
		    word_of(target, 0));
		return;
	}
	put(t, " or (");
	for (size_t i = 0; i < 4; i++)
		put(t, "%sicmp6[%zu:4]=0x%08" PRIx32, i == 0 ? "" : " and ",
		    QUOTED_6 + 4 * i, word_of(target, i));
	put(t, ")");
}

/* Errors about packets to our targets; "1=0" begins a list of "or". */
static void
put_errors(struct text *t, const struct capture_filter *f, uint8_t family)
{
	put(t, " or (%s and (1=0", family == 4 ? ERROR_4 : ERROR_6);
	for (size_t i = 0; i < f->n_targets; i++)
		if (f->targets[i].family == family)
			put_quote(t, &f->targets[i]);
	put(t, "))");
}

const char *
capture_filter_write(
    const struct capture_filter *f, char out[static CAPTURE_FILTER_MAX])
{
	struct text t = { out, CAPTURE_FILTER_MAX };
	char text[ADDR_TEXT_LEN];

	if (f->is_wide) {
		put_kinds(&t, f);
		return out;
	}
	put(&t, "((");
	for (size_t i = 0; i < f->n_targets; i++)
		put(&t, "%shost %s", i == 0 ? "" : " or ",
		    addr_format(&f->targets[i], text));
	put(&t, ") and ");
	put_kinds(&t, f);
	put(&t, ")");
	put_errors(&t, f, 4);
	put_errors(&t, f, 6);
	return out;
}

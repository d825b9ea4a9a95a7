/* tcpmsg.c - see tcpmsg.h. */
#include "probe/tcpmsg.h"

#include <netinet/in.h>

#include "schema/base/bytes.h"

#define HEADER_WORDS 5
#define WINDOW 64240
#define OPTION_MSS 2
#define MSS 1220 /* fits any IPv6 path */

static uint16_t
checksum_of(const struct addr *source, const struct addr *target,
    const uint8_t *segment)
{
	uint8_t head[16 + 16 + 4];
	struct wbuf w = wbuf_over(head, sizeof head);
	size_t addr_len = source->family == 6 ? 16 : 4;

	wbuf_put(&w, source->bytes, addr_len);
	wbuf_put(&w, target->bytes, addr_len);
	wbuf_u16(&w, IPPROTO_TCP);
	wbuf_u16(&w, TCPMSG_SYN_LEN);
	/* The checksum of the head is the complement of its sum. */
	return inet_checksum(
	    segment, TCPMSG_SYN_LEN, (uint16_t)~inet_checksum(head, w.len, 0));
}

size_t
tcpmsg_write_syn(uint8_t buf[static TCPMSG_SYN_LEN], const struct addr *source,
    const struct addr *target, uint16_t source_port, uint16_t target_port,
    uint32_t seq)
{
	struct wbuf w = wbuf_over(buf, TCPMSG_SYN_LEN);
	uint16_t checksum;

	wbuf_u16(&w, source_port);
	wbuf_u16(&w, target_port);
	wbuf_u32(&w, seq);
	wbuf_u32(&w, 0);
	wbuf_u8(&w, (HEADER_WORDS + 1) << 4);
	wbuf_u8(&w, TCPMSG_SYN);
	wbuf_u16(&w, WINDOW);
	wbuf_u16(&w, 0); /* the checksum */
	wbuf_u16(&w, 0);
	wbuf_u8(&w, OPTION_MSS);
	wbuf_u8(&w, 4);
	wbuf_u16(&w, MSS);
	if (source->family == 4) {
		checksum = checksum_of(source, target, buf);
		buf[TCPMSG_CHECKSUM_AT] = (uint8_t)(checksum >> 8);
		buf[TCPMSG_CHECKSUM_AT + 1] = (uint8_t)checksum;
	}
	return TCPMSG_SYN_LEN;
}

enum rc
tcpmsg_parse(struct tcpmsg *out, const void *bytes, size_t len)
{
	struct rbuf r = rbuf_over(bytes, len);
	struct tcpmsg m = { 0 };
	uint8_t words;

	m.source_port = rbuf_u16(&r);
	m.target_port = rbuf_u16(&r);
	m.seq = rbuf_u32(&r);
	m.ack = rbuf_u32(&r);
	words = rbuf_u8(&r) >> 4;
	m.flags = rbuf_u8(&r);
	rbuf_skip(&r, 6);
	if (r.is_bad || words < HEADER_WORDS || (size_t)words * 4 > len)
		return RC_MALFORMED;
	*out = m;
	return RC_OK;
}

bool
tcpmsg_answers(const struct tcpmsg *m, uint32_t seq)
{
	return (m->flags & TCPMSG_ACK) != 0 &&
	       (m->flags & (TCPMSG_SYN | TCPMSG_RST)) != 0 && m->ack == seq + 1;
}

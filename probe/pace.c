/* pace.c - see pace.h. */
#include "probe/pace.h"

#include "schema/base/clock.h"

/* The bucket is one instant: a packet moves it on by its share of a second,
 * and it never lies further back than a full bucket (GCRA, ITU-T I.371). */
void
pace_init(struct pace *p, unsigned packets_per_s, unsigned burst_packets)
{
	*p = (struct pace){ 0 };
	if (packets_per_s == 0)
		return;
	p->per_packet_us = (US_PER_S + packets_per_s - 1) / packets_per_s;
	p->depth_us = p->per_packet_us *
		      (int64_t)(burst_packets == 0 ? 1 : burst_packets);
	p->empty_mono_us = INT64_MIN;
	if (packets_per_s > PACE_EXACT_MAX)
		return;
	p->n_exact = packets_per_s;
	for (unsigned i = 0; i < p->n_exact; i++)
		p->left_mono_us[i] = INT64_MIN;
}

static int64_t
empty_at(const struct pace *p, int64_t now_mono_us)
{
	int64_t full = now_mono_us - p->depth_us;

	return p->empty_mono_us > full ? p->empty_mono_us : full;
}

int64_t
pace_ready_us(const struct pace *p, int64_t now_mono_us)
{
	int64_t ready = empty_at(p, now_mono_us) + p->per_packet_us;

	if (p->n_exact > 0 && p->left_mono_us[p->oldest] + US_PER_S > ready)
		ready = p->left_mono_us[p->oldest] + US_PER_S;
	return ready > now_mono_us ? ready : now_mono_us;
}

bool
pace_take(struct pace *p, int64_t now_mono_us)
{
	if (p->per_packet_us == 0)
		return true;
	if (pace_ready_us(p, now_mono_us) > now_mono_us)
		return false;
	p->empty_mono_us = empty_at(p, now_mono_us) + p->per_packet_us;
	if (p->n_exact > 0) {
		p->left_mono_us[p->oldest] = now_mono_us;
		p->oldest = (p->oldest + 1) % p->n_exact;
	}
	return true;
}

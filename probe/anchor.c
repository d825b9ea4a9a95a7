/* anchor.c - see anchor.h. */
#include "probe/anchor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

#include "schema/base/clock.h"
#include "schema/base/file.h"

static void
read_boot_id(char boot[static BOOT_ID_LEN + 1])
{
	char *text;
	size_t len;

	boot[0] = '\0';
	if (file_read("/proc/sys/kernel/random/boot_id", 256, &text, &len,
		NULL) != RC_OK)
		return;
	if (len >= BOOT_ID_LEN) {
		memcpy(boot, text, BOOT_ID_LEN);
		boot[BOOT_ID_LEN] = '\0';
	}
	free(text);
}

void
anchor_take(struct anchor *a)
{
	read_boot_id(a->boot);
	a->at_us = clock_wall_us();
	a->mono_us = clock_mono_us();
}

int64_t
anchor_now_us(const struct anchor *a)
{
	return a->at_us + (clock_mono_us() - a->mono_us);
}

bool
anchor_holds(const struct anchor *a)
{
	char boot[BOOT_ID_LEN + 1];

	read_boot_id(boot);
	return boot[0] != '\0' && strcmp(boot, a->boot) == 0;
}

enum clock_state
anchor_clock_state(void)
{
	struct timex tx = { .modes = 0 };
	int state = adjtimex(&tx);

	if (state < 0)
		return CLOCK_UNKNOWN;
	if (state == TIME_ERROR || (tx.status & STA_UNSYNC) != 0)
		return CLOCK_UNSYNCHRONISED;
	return CLOCK_SYNCHRONISED;
}

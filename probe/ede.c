/* ede.c - see ede.h. */
#include "probe/ede.h"

#include <stddef.h>

static const char *const names[] = {
	"other error",
	"unsupported DNSKEY algorithm",
	"unsupported DS digest type",
	"stale answer",
	"forged answer",
	"DNSSEC indeterminate",
	"DNSSEC bogus",
	"signature expired",
	"signature not yet valid",
	"DNSKEY missing",
	"RRSIGs missing",
	"no zone key bit set",
	"NSEC missing",
	"cached error",
	"not ready",
	"blocked",
	"censored",
	"filtered",
	"prohibited",
	"stale NXDOMAIN answer",
	"not authoritative",
	"not supported",
	"no reachable authority",
	"network error",
	"invalid data",
	"signature expired before valid",
	"too early",
	"unsupported NSEC3 iterations value",
	"unable to conform to policy",
	"synthesized",
	"invalid query type",
};

const char *
ede_name(uint16_t code)
{
	return code < sizeof names / sizeof names[0] ? names[code]
						     : "not in the registry";
}

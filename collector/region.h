/*
 * region.h - the five regions that RSSAC047 spreads vantages over.   (pure)
 *
 * Used by  the subcommand coverage
 *
 * By ISO 3166-1 country code, as the regional registries divide the world but
 * for Asia and Oceania, which are one region (RSSAC047, 3.2), and the Middle
 * East, which is Asia's.
 */
#ifndef COLLECTOR_REGION_H
#define COLLECTOR_REGION_H

#define REGION_UNKNOWN "(unknown)"

/* The region's name; REGION_UNKNOWN for what is no country of the list. */
const char *region_of(const char *country);

extern const char *const regions[5];

#endif

/* region.c - see region.h. */
#include "collector/region.h"

#include <stddef.h>
#include <string.h>

const char *const regions[5] = { "Africa", "Asia and Oceania", "Europe",
	"Latin America and Caribbean", "North America" };

/* Codes of two letters, a blank between. */
static const char *const countries[5] = {
	"AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW "
	"IO KE KM LR LS LY MA MG ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN "
	"SO SS ST SZ TD TF TG TN TZ UG YT ZA ZM ZW",
	"AE AF AM AS AU AZ BD BH BN BT CC CK CN CX FJ FM GE GU HK HM ID IL IN "
	"IQ IR JO JP KG KH KI KP KR KW KZ LA LB LK MH MM MN MO MP MV MY NC NF "
	"NP NR NU NZ OM PF PG PH PK PN PS PW QA SA SB SG SY TH TJ TK TL TM TO "
	"TR TV TW UZ VN VU WF WS YE",
	"AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR "
	"HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE "
	"SI SJ SK SM UA VA XK",
	"AG AI AR AW BB BL BO BQ BR BS BV BZ CL CO CR CU CW DM DO EC FK GD GF "
	"GP GS GT GY HN HT JM KN KY LC MF MQ MS MX NI PA PE PR PY SR SV SX TC "
	"TT UY VC VE VG VI",
	"AQ BM CA GL PM UM US",
};

const char *
region_of(const char *country)
{
	if (strlen(country) != 2 || strchr(country, ' ') != NULL)
		return REGION_UNKNOWN;
	for (size_t r = 0; r < 5; r++)
		for (const char *c = countries[r]; *c != '\0';
		     c += c[2] == '\0' ? 2 : 3)
			if (strncmp(c, country, 2) == 0)
				return regions[r];
	return REGION_UNKNOWN;
}

/* site_forms.c - see site_forms.h. */
#include "probe/site_forms.h"

#include <stdio.h>

/* Tried in order. */
static const char *const known_forms[] = {
	"ns{instance}.{site}.k.ripe.net",
	"{instance}.{site}.h.root-servers.org",
	"{site}.cf.f.root-servers.org",
	"{instance}.{site}.eroot",
	"{instance}.{site}.root",
	"M-{site}-{instance}",
	"gpdns-{site}",
	"res{instance}.{site}.rrdns.pch.net",
	"ns{instance}.{site}.*",
};
#define N_KNOWN_FORMS (sizeof known_forms / sizeof known_forms[0])

const char *
site_forms_match(const struct identity_template *own, const struct identity *id,
    struct identity_match *match)
{
	struct identity_template known;

	if (own != NULL) /* an opaque one names nobody */
		return identity_template_match(match, own, id, NULL, 0) ==
				   RC_OK &&
			       !match->is_opaque
			   ? own->text
			   : NULL;
	for (size_t i = 0; i < N_KNOWN_FORMS; i++)
		if (identity_template_parse(&known, known_forms[i], NULL) ==
			RC_OK &&
		    identity_template_match(match, &known, id, NULL, 0) ==
			RC_OK)
			return known_forms[i];
	return NULL;
}

const char *
site_forms_name(const struct identity_template *own, const struct identity *id,
    char buf[static IDENTITY_TEXT_LEN])
{
	struct identity_match match;

	if (!id->is_present || site_forms_match(own, id, &match) == NULL)
		return identity_format(id, buf);
	snprintf(buf, IDENTITY_TEXT_LEN, "%s", match.site);
	return buf;
}

/* session.c - see session.h. */
#include "probe/session.h"

#include <string.h>

enum rc
session_open(struct session *s, const char *state, struct err *err)
{
	enum rc rc = state_choose(s->dir, state, err);

	s->post = NULL;
	if (rc == RC_OK)
		rc = state_check(s->dir, err);
	if (rc == RC_OK)
		rc = state_read_enrolment(&s->enrolment, s->dir, err);
	if (rc == RC_OK)
		rc = state_read_key(&s->key, s->dir, err);
	if (rc == RC_OK)
		rc = post_open(&s->post, s->enrolment.collector,
		    s->enrolment.ca_file, &s->key, s->enrolment.probe, err);
	return rc;
}

void
session_close(struct session *s)
{
	post_close(s->post);
	s->post = NULL;
	explicit_bzero(&s->key, sizeof s->key);
}

/* shift_kept.c - see shift_kept.h. */
#include "collector/shift_kept.h"

#include <stdlib.h>

void
shift_kept_free(struct shift_count *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n_answers; i++)
		free(c->answers[i].of_crowd);
	free(c->answers);
	free(c->changed);
	free(c->costs);
	free(c);
}

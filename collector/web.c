/* web.c - see web.h. */
#include "collector/web.h"

#include <string.h>

const struct web_file *
web_find(const char *path)
{
	for (size_t i = 0; i < n_web_files; i++)
		if (strcmp(web_files[i].path, path) == 0)
			return &web_files[i];
	return NULL;
}

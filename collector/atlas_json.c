/* atlas_json.c - see atlas_json.h. */
#include "collector/atlas_json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

bool
atlas_real(const json_t *object, const char *key, double *out)
{
	const json_t *v = json_object_get(object, key);
	const char *text = json_string_value(v);
	char *end;

	if (json_is_number(v)) {
		*out = json_number_value(v);
		return isfinite(*out);
	}
	if (text == NULL || *text == '\0')
		return false;
	*out = strtod(text, &end);
	return *end == '\0' && isfinite(*out);
}

bool
atlas_int(const json_t *object, const char *key, int64_t *out)
{
	const json_t *v = json_object_get(object, key);
	double real;

	if (json_is_integer(v)) {
		*out = json_integer_value(v);
		return true;
	}
	if (!atlas_real(object, key, &real) || fabs(real) > 9e15)
		return false;
	*out = (int64_t)real;
	return true;
}

const char *
atlas_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL || *text == '\0' ? NULL : text;
}

json_t *
atlas_count_json(const json_t *object, const char *key)
{
	int64_t v;

	return atlas_int(object, key, &v) && v >= 0 ? json_integer(v)
						    : json_null();
}

json_t *
atlas_real_json(const json_t *object, const char *key)
{
	double v;

	return atlas_real(object, key, &v) && v >= 0 ? json_real(v)
						     : json_null();
}

json_t *
atlas_text_json(const json_t *object, const char *key)
{
	const char *text = atlas_text(object, key);

	return text == NULL ? json_null() : json_string(text);
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

json_t *
atlas_median_json(double *list, size_t n)
{
	if (n == 0)
		return json_null();
	qsort(list, n, sizeof *list, by_size);
	if (n % 2 == 1)
		return json_real(list[n / 2]);
	return json_real((list[n / 2 - 1] + list[n / 2]) / 2);
}

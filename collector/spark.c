/* spark.c - see spark.h. */
#include "collector/spark.h"

#define HEIGHTS 8

struct range {
	int64_t low, high;
};

/* The highest of the values that column c of so many columns shows. */
static int64_t
column_value(const int64_t *values, size_t n, size_t c, size_t columns)
{
	int64_t high = SPARK_NONE;

	for (size_t i = c * n / columns; i < (c + 1) * n / columns; i++)
		high = values[i] > high ? values[i] : high;
	return high;
}

static struct range
find_range(const int64_t *values, size_t n)
{
	struct range r = { INT64_MAX, SPARK_NONE };

	for (size_t i = 0; i < n; i++) {
		if (values[i] == SPARK_NONE)
			continue;
		r.low = values[i] < r.low ? values[i] : r.low;
		r.high = values[i] > r.high ? values[i] : r.high;
	}
	return r;
}

static size_t
height_of(int64_t v, const struct range *r)
{
	double part = r->high == r->low
			  ? 0
			  : ((double)v - (double)r->low) /
				((double)r->high - (double)r->low);

	return (size_t)(part * (HEIGHTS - 1) + 0.5);
}

void
spark_print(
    const int64_t *values, size_t n, size_t width, bool is_utf8, FILE *to)
{
	static const char *const blocks[HEIGHTS] = { "\u2581", "\u2582",
		"\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588" };
	static const char ascii[HEIGHTS + 1] = "_.,-~+*#";
	struct range r = find_range(values, n);
	size_t columns = n < width ? n : width;

	for (size_t c = 0; c < columns; c++) {
		int64_t v = column_value(values, n, c, columns);
		size_t h;

		if (v == SPARK_NONE) {
			putc(' ', to);
			continue;
		}
		h = height_of(v, &r);
		if (is_utf8)
			fputs(blocks[h], to);
		else
			putc(ascii[h], to);
	}
}

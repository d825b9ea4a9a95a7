/* hop_text.c - see hop_text.h. */
#include "collector/hop_text.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *
labels_json(const struct hop *h)
{
	json_t *labels = json_array();

	for (unsigned i = 0; i < h->n_labels; i++) {
		json_t *label = json_object();

		json_object_set_new(label, "label",
		    json_integer((json_int_t)h->labels[i].label));
		json_array_append_new(labels, label);
	}
	return labels;
}

/* The parts of a hop that make a path, under the names of the wire. */
static json_t *
hop_json(const struct trace_result *t, unsigned i)
{
	const struct hop *h = &t->hops[i];
	json_t *o = json_object();
	char text[ADDR_TEXT_LEN];

	json_object_set_new(o, "ttl", json_integer(h->ttl));
	if (h->address.family == 0)
		return o;
	json_object_set_new(
	    o, "address", json_string(addr_format(&h->address, text)));
	if (h->is_target) {
		json_object_set_new(o, "target", json_true());
	} else {
		json_object_set_new(o, "type", json_integer(h->icmp_type));
		json_object_set_new(o, "code", json_integer(h->icmp_code));
	}
	if (trace_is_balanced(t, i))
		json_object_set_new(o, "balanced", json_true());
	if (h->n_labels > 0)
		json_object_set_new(o, "labels", labels_json(h));
	return o;
}

/* Gives hops as text; takes them. */
static char *
dump(json_t *hops)
{
	char *text = json_dumps(hops, JSON_COMPACT);

	json_decref(hops);
	if (text == NULL)
		abort(); /* out of memory, as in mem_new */
	return text;
}

char *
hop_text_path(const struct trace_result *t)
{
	json_t *hops = json_array();

	for (unsigned i = 0; i < t->n_hops; i++)
		if (!t->hops[i].is_extra)
			json_array_append_new(hops, hop_json(t, i));
	return dump(hops);
}

char *
hop_text_rtts(const struct trace_result *t)
{
	json_t *rtts = json_array();

	for (unsigned i = 0; i < t->n_hops; i++) {
		const struct hop *h = &t->hops[i];

		if (!h->is_extra)
			json_array_append_new(rtts,
			    h->address.family == 0 ? json_null()
						   : json_integer(h->rtt_us));
	}
	return dump(rtts);
}

static bool
has_note(const struct hop *h)
{
	return h->is_extra || h->n_duplicate > 0 || h->attempt > 1;
}

static json_t *
note_json(const struct trace_result *t, unsigned i)
{
	const struct hop *h = &t->hops[i];
	json_t *o = hop_json(t, i);

	if (h->attempt > 1)
		json_object_set_new(o, "attempt", json_integer(h->attempt));
	if (h->address.family != 0)
		json_object_set_new(o, "rtt_us", json_integer(h->rtt_us));
	if (h->reply_ttl != 0)
		json_object_set_new(o, "reply_ttl", json_integer(h->reply_ttl));
	if (h->is_extra)
		json_object_set_new(o, "extra", json_true());
	if (h->n_duplicate > 0)
		json_object_set_new(
		    o, "duplicate", json_integer(h->n_duplicate));
	return o;
}

char *
hop_text_notes(const struct trace_result *t)
{
	json_t *hops = json_array();

	for (unsigned i = 0; i < t->n_hops; i++)
		if (has_note(&t->hops[i]))
			json_array_append_new(hops, note_json(t, i));
	if (json_array_size(hops) > 0)
		return dump(hops);
	json_decref(hops);
	return NULL;
}

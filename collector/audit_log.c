/* audit_log.c - see audit_log.h. */
#include "collector/audit_log.h"

#include <string.h>

#include "collector/store_audit.h"
#include "schema/base/log.h"

static void
tell(void *ctx, const char *action, const char *subject, const char *detail)
{
	(void)ctx;
	if (strcmp(action, "quarantined") == 0)
		log_warn("vantages: quarantined: %s vantage=%s",
		    detail[0] != '\0' ? detail : "by hand", subject);
	else if (strcmp(action, "released") == 0 ||
		 strcmp(action, "active") == 0)
		log_info("vantages: released: %s vantage=%s",
		    detail[0] != '\0' ? detail : "by hand", subject);
}

enum rc
audit_log_tell(struct store *st, int64_t *last_id, struct err *err)
{
	return store_audit_after(st, last_id, tell, NULL, err);
}

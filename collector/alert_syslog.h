/*
 * alert_syslog.h - a message as lines of the system's log.           (edge)
 *
 * Uses     collector/notice.h
 * Used by  alert_send, settings_alert (facilities)
 *
 * To a socket of this machine in the form that syslog(3) writes, which its
 * daemons read; by UDP in that of RFC 5424 and RFC 5426.  Neither is
 * acknowledged: what the other end does with it is its own affair.
 */
#ifndef COLLECTOR_ALERT_SYSLOG_H
#define COLLECTOR_ALERT_SYSLOG_H

#include "collector/notice.h"
#include "schema/base/err.h"

#define SYSLOG_LINE_LEN 1800 /* RFC 5424 section 6.1: 2048 should be read */

/* "daemon", "local0" ...; -1: there is none.  Shifted, as in <syslog.h>. */
int syslog_facility(const char *name);
const char *syslog_facility_name(int facility);

/* to: the path of a socket, or udp://host:port.  Each notice is a line of its
 * own; created_us is its time.  RC_PEER: nobody takes them; RC_SYS. */
MUST_USE enum rc syslog_send(
    const char *to, int facility, const struct message *m, struct err *err);

/* One line, without its end.  Returns its length. */
size_t syslog_line(char buf[static SYSLOG_LINE_LEN], int facility,
    const struct alert_notice *n, bool is_rfc5424);

/* Splits udp://host:port.  RC_MALFORMED. */
MUST_USE enum rc
syslog_split(const char *url, char host[static 256], char port[static 8]);

#endif

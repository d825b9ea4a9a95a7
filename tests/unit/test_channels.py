"""Alerts where people are: each channel of a serving collector against the real thing,
and the rules by which a notice goes out now, later or never.

Events are written into the database of a collector that serves, as its detector
would; the rest is its own work.
"""

import contextlib
import email
import email.policy
import json
import mailbox
import os
import pathlib
import re
import sqlite3
import time

import jsonschema
import pytest

from receivers import Hook, alertmanager, exim, fetch, prometheus, quiet_tls, rsyslog
from served import ROOT, SERVICES, Served, make_authority, make_certificate, wait_until

DATA = pathlib.Path(os.environ.get("CATCHWATER_DATA", ROOT.parent / "shared/data"))
SCHEMA = DATA / "alerting/alertmanager-v2-postAlerts.schema.json"
HOSTILE = "x\r\nBcc: all@example.net\r\n\r\n<!channel> @here \x1b[2J\x00\u202e\"\\{text}"


class Outbox:
    """The events and deliveries of a collector that serves."""

    def __init__(self, served, alerts):
        self.path, self.alerts, self.last = served.folder / "c.db", alerts, 1000

    def run(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.path, timeout=60)) as db:
            rows = db.execute(sql, values).fetchall()
            db.commit()
        return rows

    def _tell(self, event, notice, alerts):
        now = time.time_ns() // 1000
        for alert in alerts or self.alerts:
            self.run("INSERT INTO delivery (event_id, alert, notice, key, created_us, next_try_us)"
                     " VALUES (?, ?, ?, ?, ?, ?)", event, alert, notice,
                     f"{event}-{notice}-{alert}", now, now)

    def open(self, kind="shift", severity="major", verdict=None, gates="{}", alerts=()):
        """A new event of the site ams; its number."""
        self.last += 1
        now = time.time_ns() // 1000
        self.run("INSERT INTO event (id, kind, severity, service_id, site_id, verdict, since_us,"
                 " detected_us, updated_us, n_vantages, n_asns, needed, gates) SELECT ?1, ?2, ?3,"
                 " service_id, id, ?4, ?5, ?5, ?5, 6, 3, 3, ?6 FROM site WHERE name = 'ams'",
                 self.last, kind, severity, verdict, now, gates)
        self._tell(self.last, "open", alerts)
        return self.last

    def resolve(self, event, alerts=()):
        now = time.time_ns() // 1000
        self.run("UPDATE event SET resolved_us = ?, resolution = 'returned' WHERE id = ?",
                 now, event)
        self._tell(event, "resolve", alerts)

    def waits_until_done(self):
        """Until nothing waits any more."""
        wait_until(lambda: not self.run(
            "SELECT 1 FROM delivery WHERE delivered_us IS NULL AND given_up_us IS NULL"),
            "all delivered or given up")

    def held(self):
        """Key and reason of what a rule held back."""
        return dict(self.run("SELECT key, held FROM delivery WHERE held IS NOT NULL"))


@contextlib.contextmanager
def collector(folder, **alerts):
    """One with these alerts; the collector and its outbox."""
    more = "".join(f'alert "{name}" {{ itself = no {rows} }}\n' for name, rows in alerts.items())
    with Served(folder, SERVICES, more) as served:
        yield served, Outbox(served, list(alerts))


def mails(path):
    """What Exim delivered so far."""
    box = mailbox.mbox(path, create=False, factory=lambda file: email.message_from_binary_file(
        file, policy=email.policy.default))
    return list(box)


def keys(hook):
    return [key for key, _ in hook.came]


# The real things

def test_prometheus_and_alertmanager_group_and_resolve_a_shift(tmp_path):
    hook = Hook()
    with hook.serving() as url, alertmanager(tmp_path, url) as manager, collector(
            tmp_path, am=f'alertmanager = "http://{manager}/" repeat_every = 2s') as (
                served, outbox):
        with prometheus(tmp_path, f"127.0.0.1:{served.port}", manager) as prom:
            events = [outbox.open(), outbox.open()]
            body = wait_until(lambda: next(
                (body for _, body in hook.came if len(body["alerts"]) == 2), None),
                "both shifts in one notice of Alertmanager's")
            assert body["groupLabels"] == {"service": "web"} and body["status"] == "firing"
            labels = body["alerts"][0]["labels"]
            assert {name: labels[name] for name in ("alertname", "severity", "site", "kind")} == {
                "alertname": "CatchwaterShift", "severity": "major", "site": "ams",
                "kind": "shift"}
            assert {alert["labels"]["event"] for alert in body["alerts"]} == {
                str(event) for event in events}

            # It would end them by itself eight seconds after it was told last.
            def ends():
                return {alert["endsAt"] for alert in fetch(f"http://{manager}/api/v2/alerts")}
            first = ends()
            wait_until(lambda: min(ends(), default="") > max(first), "told again while open")
            outbox.resolve(events[0])
            outbox.resolve(events[1])
            wait_until(lambda: {str(event) for event in events} == {
                alert["labels"]["event"] for _, body in hook.came for alert in body["alerts"]
                if alert["status"] == "resolved"}, "Alertmanager tells that both are over")

            def scraped():
                got = fetch(f"http://{prom}/api/v1/query?query=catchwater_open_events")
                return got and got["data"]["result"]
            wait_until(scraped, "scraped by Prometheus")
            groups = fetch(f"http://{prom}/api/v1/rules")["data"]["groups"]
            assert all(rule["health"] != "err" for group in groups for rule in group["rules"])


def test_mails_of_an_event_are_one_thread_and_plain(tmp_path):
    with exim() as (server, inbox), collector(
            tmp_path, mail=f'smtp = "smtp://{server}" from = "catchwater@example.net"'
            ' to = { "noc@example.net", "gone@elsewhere.example" }') as (served, outbox):
        event = outbox.open()
        outbox.resolve(event)
        wait_until(lambda: inbox.exists() and len(mails(inbox)) == 2, "two mails")
        first, second = mails(inbox)
        assert first["Subject"].startswith("[catchwater] major web shift: ams")
        assert second["Subject"].startswith("[catchwater] RESOLVED web shift (returned)")
        assert second["In-Reply-To"] == first["Message-ID"] == second["References"]
        assert first["In-Reply-To"] is None
        assert first["To"] == "noc@example.net, gone@elsewhere.example"
        assert first["Date"] and first["Auto-Submitted"] == "auto-generated"
        assert first.get_content_type() == "text/plain"
        text = inbox.read_text("ascii")
        assert all(len(line) <= 78 for line in text.splitlines() if "Message-ID" not in line)
        assert f"Evidence  catchwater explain {event}\n" in text
        assert "Vantages  6 in 3 networks, 3 were needed\n" in text
        # A test is strict: one recipient who is refused fails it.
        done = served.catchwater("alert", "test", check=False)
        assert done.returncode == 1 and "RCPT failed: 550" in done.stderr


def test_mail_goes_by_tls_or_not_at_all(tmp_path):
    """Asked for, a server that offers none, and one whom nobody vouches for, get none."""
    with exim() as (server, inbox), collector(
            tmp_path, mail=f'smtp = "smtp://{server}" from = "c@example.net"'
            ' to = { "noc@example.net" } starttls = yes') as (served, _):
        done = served.catchwater("alert", "test", "mail", check=False)
        assert done.returncode == 1 and "offers no TLS" in done.stderr
        assert not inbox.exists()
    make_authority(tmp_path)
    make_certificate(tmp_path, "server", "somebody")
    with quiet_tls(tmp_path) as port, collector(
            tmp_path, mail=f'smtp = "smtps://127.0.0.1:{port}" from = "c@example.net"'
            ' to = { "noc@example.net" } timeout = 5s') as (served, _):
        done = served.catchwater("alert", "test", "mail", check=False)
        assert done.returncode == 1 and "certificate" in done.stderr


def test_syslog_by_both_forms(tmp_path):
    with rsyslog(tmp_path) as (path, udp), collector(
            tmp_path, local=f'syslog = "{path}" facility = "local3"',
            far=f'syslog = "{udp}"') as (_, outbox):
        outbox.resolve(outbox.open())
        lines = wait_until(lambda: (tmp_path / "lines").exists() and len(
            (tmp_path / "lines").read_text().splitlines()) == 4 and [
                json.loads(line) for line in (tmp_path / "lines").read_text().splitlines()],
            "four lines of the log")
        assert {line["app"] for line in lines} == {"catchwater"}
        assert sorted((line["version"], line["facility"], line["severity"], line["what"])
                      for line in lines) == [
            ("0", "local3", "err", "-"), ("0", "local3", "notice", "-"),
            ("1", "daemon", "err", "open"), ("1", "daemon", "notice", "resolve")]
        assert any(line["text"].strip().startswith("major web shift: ams") and
                   line["text"].endswith("key=1001-open-far") for line in lines)


def test_a_receiver_that_fails_half_the_time_gets_all_and_tells_doubles(tmp_path):
    """Each notice meets one failure: a refusal, or an answer that never came although
    it was taken.  So half of the requests fail, and doubles have the same key."""
    hook = Hook(lambda key, n: 204 if n > 1 else (503 if int(key[:4]) % 2 else None))
    with hook.serving() as url, collector(tmp_path, ops=f'webhook = "{url}"') as (_, outbox):
        events = [outbox.open() for _ in range(20)]
        outbox.waits_until_done()
        assert sorted(keys(hook)) == sorted(2 * [f"{event}-open-ops" for event in events])
        for event in events:
            first, second = [body for key, body in hook.came if key == f"{event}-open-ops"]
            assert first == second and first["key"] == f"{event}-open-ops"


def test_what_was_tried_together_is_tried_again_as_it_was(tmp_path):
    """A group keeps its key and its members over failures and restarts."""
    hook = Hook(lambda key, n: 204 if n > 1 else 503)
    with hook.serving() as url:
        alert = {"ops": f'webhook = "{url}" group_wait = 2s'}
        with collector(tmp_path, **alert) as (_, outbox):
            events = [outbox.open(), outbox.open()]
            wait_until(lambda: hook.came, "a first attempt")
        with collector(tmp_path, **alert) as (_, outbox):
            outbox.last = events[1]
            late = outbox.open()
            outbox.waits_until_done()
    groups = [body for _, body in hook.came if body["notice"] == "group"]
    assert len(groups) >= 2 and all(body == groups[0] for body in groups)
    assert [notice["key"] for notice in groups[0]["notices"]] == [
        f"{event}-open-ops" for event in events]
    assert {body["key"] for _, body in hook.came if body["notice"] == "open"} == {
        f"{late}-open-ops"}


# Commands

def script(folder, name, text):
    path = folder / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_a_command_is_run_by_a_helper_and_bounded_in_time(tmp_path):
    told = tmp_path / "told"
    tell = script(tmp_path, "tell", f'[ -e {told}.tried ] || {{ : > {told}.tried; echo "not yet";'
                  f' exit 3; }}\ncat > {told}.part; env > {told}.env; echo "$1" > {told}.words\n'
                  f'mv {told}.part {told}\n')
    hang = script(tmp_path, "hang", f'echo $$ > {told}.pid\nsleep 600\n')
    with collector(tmp_path, run=f'exec = {{ "{tell}", "a b; $(id)" }}',
                   hang=f'exec = {{ "{hang}" }} timeout = 1s') as (served, outbox):
        event = outbox.open(alerts=["run", "hang"])
        wait_until(told.exists, "the command was told")
        body = json.loads(told.read_text())
        assert body["key"] == f"{event}-open-run" and body["event"]["kind"] == "shift"
        assert (tmp_path / "told.words").read_text() == "a b; $(id)\n"
        names = {line.split("=")[0] for line in (tmp_path / "told.env").read_text().splitlines()}
        assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {
            "PATH", "CATCHWATER_ALERT", "CATCHWATER_KEY"}
        served.wait_for_log("tell ended with status 3: not yet")
        served.wait_for_log("hang was not done in time")
        pid = int(wait_until(lambda: (tmp_path / "told.pid").exists() and
                             (tmp_path / "told.pid").read_text(), "its number"))
        wait_until(lambda: not _lives(pid), "what hung is ended")
        # A collector that is confined learns of no new program.
        served.write(more=f'alert "run" {{ exec = {{ "{hang}" }} }}\n')
        assert "takes a restart" in served.reload("reload refused")


def _lives(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


# Chats, and hostile names

@pytest.mark.parametrize("template, text_of", [
    ("slack", lambda body: body["text"]),
    ("discord", lambda body: body["content"]),
    ("teams", lambda body: body["attachments"][0]["content"]["body"][0]["text"]),
    ('{\\"a\\": [\\"{severity} {site}\\", \\"{text}\\"]}', lambda body: body["a"][1]),
])
def test_a_chat_gets_its_own_json(tmp_path, template, text_of):
    hook = Hook()
    with hook.serving() as url, collector(
            tmp_path, chat=f'webhook = "{url}" template = "{template}"') as (served, _):
        assert "works" in served.catchwater("alert", "test", "chat").stdout
    assert text_of(hook.came[0][1]) == "test of catchwater's alert 'chat': nothing happened"


def test_no_name_from_the_network_does_anything_anywhere(tmp_path):
    hook, chat = Hook(), Hook()
    told = tmp_path / "told"
    tell = script(tmp_path, "tell", f"cat > {told}.part; mv {told}.part {told}\n")
    with contextlib.ExitStack() as stack:
        path, udp = stack.enter_context(rsyslog(tmp_path))
        server, inbox = stack.enter_context(exim())
        url = stack.enter_context(hook.serving())
        chat_url = stack.enter_context(chat.serving())
        _, outbox = stack.enter_context(collector(
            tmp_path, hook=f'webhook = "{url}"', log=f'syslog = "{path}"', far=f'syslog = "{udp}"',
            chat=f'webhook = "{chat_url}" template = "slack"', run=f'exec = {{ "{tell}" }}',
            am=f'alertmanager = "{url}"', mail=f'smtp = "smtp://{server}"'
            ' from = "c@example.net" to = { "noc@example.net" }'))
        outbox.open("impostor", "critical", HOSTILE[:60], json.dumps(
            {"identity": HOSTILE, "site": HOSTILE, "rule": HOSTILE}))
        outbox.waits_until_done()
        lines = wait_until(lambda: (tmp_path / "lines").exists() and len(
            (tmp_path / "lines").read_bytes().splitlines()) == 2 and
            (tmp_path / "lines").read_bytes(), "two lines of the log")
        mail, = wait_until(lambda: inbox.exists() and mails(inbox), "a mail")
        raw_mail = inbox.read_bytes()
    assert mail["Bcc"] is None and not mail.defects
    for raw in [lines, raw_mail, told.read_bytes(),
                *(json.dumps(body, ensure_ascii=False).encode() for _, body in hook.came)]:
        assert all(byte in (9, 10, 13) or 32 <= byte < 127 for byte in raw), raw
        assert b"\nBcc" not in raw
    assert len(hook.came) == 2  # the webhook and the Alertmanager
    if SCHEMA.exists():
        told, = (body for _, body in hook.came if isinstance(body, list))
        schema = json.loads(SCHEMA.read_text())
        jsonschema.validate(told, {**schema, "$ref": "#/definitions/postableAlerts"})
    text = chat.came[0][1]["text"]
    assert not re.search("[\x00-\x1f<>@]", text)


# When

def test_what_is_soon_over_or_drained_tells_nobody(tmp_path):
    hook = Hook()
    with hook.serving() as url, collector(
            tmp_path, now=f'webhook = "{url}"',
            later=f'webhook = "{url}" open_for = 5s') as (served, outbox):
        short = outbox.open(alerts=["later"])
        outbox.resolve(short, ["later"])
        long = outbox.open(alerts=["later"])
        served.catchwater("drain", "--for", "1h", "web", "ams")
        drained = outbox.open("latency", alerts=["now"])
        ghost = outbox.open("mismatch", verdict="ghost", alerts=["now"])
        wait_until(lambda: {f"{long}-open-later", f"{ghost}-open-now"} <= set(keys(hook)),
                   "what stays open, and a drain that does not happen")
        outbox.resolve(drained, ["now"])
        outbox.waits_until_done()
        assert set(keys(hook)) == {f"{long}-open-later", f"{ghost}-open-now"}
        assert set(outbox.held()) == {f"{short}-open-later", f"{short}-resolve-later",
                                      f"{drained}-open-now", f"{drained}-resolve-now"}
        assert outbox.held()[f"{drained}-open-now"] == "its site was in drain"
        assert 'catchwater_deliveries{alert="now",state="held"}' in served.ask("/metrics").text


def test_a_planned_drain_that_is_over_lets_out_what_stayed(tmp_path):
    hook = Hook()
    with hook.serving() as url, collector(tmp_path, ops=f'webhook = "{url}"') as (served, outbox):
        served.catchwater("drain", "web", "ams")
        event = outbox.open("latency")
        wait_until(lambda: outbox.run("SELECT 1 FROM delivery WHERE next_try_us > created_us"),
                   "it waits")
        served.catchwater("drain", "--undo", "web", "ams")
        wait_until(lambda: keys(hook) == [f"{event}-open-ops"], "told after the drain")

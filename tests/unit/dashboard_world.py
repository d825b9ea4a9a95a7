"""A past for a collector's database, to be looked at: sites, vantages, a shift.

Used by tests/unit/test_dashboard.py.  Written straight into the database of a
collector that runs, as its own writer would; `shift` makes one happen now.
"""

import sqlite3
import time

from served import wait_until

HOSTILE = '<img src=x onerror="window.hacked=1">'
HOSTILE_IDENTITY = b'<img src=x onerror="window.hacked=1">\x1b[2J\x00\xff</script>'
SITES = {"ams": (52.37, 4.90), "nyc": (40.71, -74.01), "sin": (1.35, 103.82),
         "gru": (-23.55, -46.63), "syd": (-33.87, 151.21), "jnb": (-26.2, 28.05)}
CITIES = [  # name, country, latitude, longitude, where it lands
    ("berlin", "DE", 52.5, 13.4, "ams"), ("paris", "FR", 48.9, 2.4, "ams"),
    ("london", "GB", 51.5, -0.1, "ams"), ("madrid", "ES", 40.4, -3.7, "ams"),
    ("warsaw", "PL", 52.2, 21.0, "ams"), ("oslo", "NO", 59.9, 10.8, "ams"),
    ("rome", "IT", 41.9, 12.5, "ams"), ("cairo", "EG", 30.0, 31.2, "ams"),
    ("boston", "US", 42.4, -71.1, "nyc"), ("chicago", "US", 41.9, -87.6, "nyc"),
    ("dallas", "US", 32.8, -96.8, "nyc"), ("seattle", "US", 47.6, -122.3, "nyc"),
    ("toronto", "CA", 43.7, -79.4, "nyc"), ("mexico", "MX", 19.4, -99.1, "nyc"),
    ("tokyo", "JP", 35.7, 139.7, "sin"), ("delhi", "IN", 28.6, 77.2, "sin"),
    ("jakarta", "ID", -6.2, 106.8, "sin"), ("hanoi", "VN", 21.0, 105.8, "sin"),
    ("lima", "PE", -12.0, -77.0, "gru"), ("bogota", "CO", 4.7, -74.1, "gru"),
    ("santiago", "CL", -33.4, -70.7, "gru"), ("perth", "AU", -31.9, 115.9, "syd"),
    ("auckland", "NZ", -36.8, 174.8, "syd"), ("nairobi", "KE", -1.3, 36.8, "jnb"),
    ("lagos", "NG", 6.5, 3.4, "jnb"),
]
TARGETS = {4: "192.0.2.53", 6: "2001:db8::53"}
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
EVENT = 1000  # ids that no detector of a test comes to


def services():
    """The configuration of it."""
    sites = "".join(f'  site "{name}" {{ position = "{lat},{lon}" }}\n'
                    for name, (lat, lon) in SITES.items())
    return ('service "anycast" {\n  addresses = { "192.0.2.53", "2001:db8::53" }\n'
            '  zone = "example."\n  identity = { "ns*.{site}" }\n' + sites + "}\n")


class World:
    """`path` is the database of a collector that runs with services()."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, timeout=30, isolation_level=None)
        wait_until(lambda: self.db.execute("SELECT count(*) FROM site_state").fetchone()[0]
                   == 2 * len(SITES), "the collector's word on its sites")
        self.now = int(time.time() * SECOND)
        self.site = dict(self.db.execute("SELECT name, id FROM site"))
        self.target = dict(self.db.execute(
            "SELECT family, id FROM target WHERE role = 'service'"))
        self.vantage = {}
        self.answers = []

    def close(self):
        self.db.close()

    def many(self, sql, rows):
        self.db.executemany(sql, rows)

    def build(self):
        """Two days of it: a shift two hours ago, that is over, and a site that is odd."""
        self.db.execute("BEGIN IMMEDIATE")
        for i, (name, country, lat, lon, home) in enumerate(CITIES):
            self.add_probe(i, name, country, lat, lon, home)
        self.add_probe(len(CITIES), HOSTILE, "XX", 10.0, 20.0, "jnb")
        self.add_states()
        self.add_past_shift()
        self.add_answers("berlin")
        self.store_answers()
        self.db.execute("COMMIT")

    def add_probe(self, i, name, country, lat, lon, home):
        probe = f"{i:016x}"
        self.db.execute(
            "INSERT INTO probe (id, public_key, name, state, enrolled_us, version, "
            "received_us, clock, clock_offset_us, v4, v6) VALUES "
            "(?, ?, ?, 'active', ?, '0.1.0', ?, 'synchronised', 900, 'ok', 'ok')",
            (probe, i.to_bytes(32, "big"), name, self.now - 48 * HOUR, self.now))
        for family in (4, 6):
            vantage = self.db.execute(
                "INSERT INTO vantage (probe_id, family, source, asn, country, latitude, "
                "longitude, first_us) VALUES (?, ?, NULL, ?, ?, ?, ?, ?)",
                (probe, family, 64500 + i, country, lat, lon, self.now - 48 * HOUR)).lastrowid
            self.vantage[name, family] = vantage
            if home == "ams" and family == 4 and i % 2 == 0:  # it was away for half an hour
                self.land(vantage, family, "ams", 48 * HOUR, 120 * MINUTE)
                self.land(vantage, family, "nyc", 120 * MINUTE, 90 * MINUTE)
                self.land(vantage, family, "ams", 90 * MINUTE, None)
            else:
                self.land(vantage, family, home, 48 * HOUR, None)

    def land(self, vantage, family, site, since_ago, until_ago):
        until = None if until_ago is None else self.now - until_ago
        self.db.execute(
            "INSERT INTO landing (vantage_id, target_id, state, site_id, since_us, until_us, "
            "last_us, n, rtt_min_us, rtt_sum_us, rtt_n) "
            "VALUES (?, ?, 'stable', ?, ?, ?, ?, 90, 9000, 1800000, 90)",
            (vantage, self.target[family], self.site[site], self.now - since_ago, until,
             until or self.now))

    def add_states(self):
        """In place of what the collector, which has heard nothing, says of them."""
        self.db.execute("UPDATE site_state SET announced = 'yes', healthy = 'yes', "
                        "receiving = 'yes', verdict = 'ok', since_us = ?",
                        (self.now - 40 * HOUR,))
        self.db.execute("UPDATE site_state SET healthy = 'no', verdict = 'sick_attracting' "
                        "WHERE site_id = ? AND family = 6", (self.site["gru"],))

    def add_past_shift(self):
        movers = [name for i, (name, *_, home) in enumerate(CITIES) if home == "ams" and i % 2 == 0]
        self.add_event(EVENT, self.now - 120 * MINUTE, self.now - 90 * MINUTE, len(movers))
        self.many("INSERT INTO path (id, hash, hops) VALUES (?, ?, ?)", [
            (EVENT, 1, '[{"ttl":1,"address":"198.51.100.1","type":11,"code":0},{"ttl":2},'
                       '{"ttl":3,"address":"192.0.2.53","target":true}]'),
            (EVENT + 1, 2, '[{"ttl":1,"address":"198.51.100.1","type":11,"code":0},'
                           '{"ttl":2,"address":"203.0.113.7","type":11,"code":0},'
                           '{"ttl":3,"address":"192.0.2.53","target":true}]')])
        self.db.execute("INSERT INTO identity (id, bytes) VALUES (?, ?)", (EVENT, HOSTILE_IDENTITY))
        at = self.now - 120 * MINUTE
        for name in movers:
            vantage = self.vantage[name, 4]
            self.vote(EVENT, vantage, "ams", "nyc", at, at + 20 * SECOND)
            for when, site, kind, path in ((at - MINUTE, "ams", 0, None), (at, "nyc", 0, None),
                                           (at - 5 * MINUTE, "ams", 2, EVENT),
                                           (at + 2 * SECOND, "nyc", 2, EVENT + 1)):
                self.observe(vantage, when, site, kind, path)

    def add_event(self, event, since, resolved, n):
        self.db.execute(
            "INSERT INTO event (id, kind, severity, service_id, site_id, family, since_us, "
            "detected_us, updated_us, resolved_us, resolution, n_vantages, n_asns, needed, gates) "
            "SELECT ?, 'shift', 'major', service_id, id, NULL, ?, ?, ?, ?, ?, ?, ?, 3, "
            "'{\"direction\":\"from\",\"rule\":\"quorum\",\"asns\":4,\"quorum\":3}' "
            "FROM site WHERE name = 'ams'",
            (event, since, since + 21 * SECOND, resolved or since + 21 * SECOND, resolved,
             "returned" if resolved else None, n, n))

    def vote(self, event, vantage, before, after, at, confirmed):
        self.db.execute(
            "INSERT INTO vote (event_id, vantage_id, target_id, from_site_id, to_site_id, at_us, "
            "confirmed_us) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (event, vantage, self.target[4], self.site[before], self.site[after], at, confirmed))

    def observe(self, vantage, at, site, kind, path, rtt=12000):
        self.answers.append((at + SECOND, vantage, at, self.target[4], kind, self.site[site], rtt,
                             EVENT if kind == 0 else None, path))

    def store_answers(self):
        """In the order of their receipt, as a collector has them."""
        self.many("INSERT INTO observation (seq, received_us, vantage_id, at_us, target_id, kind, "
                  "why, proto, stamp, outcome, site_id, rtt_us, rcode, nsid_id, is_reached, "
                  "path_id) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?, 0, ?, 1, ?)",
                  [(seq, *row) for seq, row in enumerate(sorted(
                      self.answers, key=lambda row: row[0]), 1)])

    def add_answers(self, name):
        """Enough to have statistics: the collector makes them of these."""
        for ago in range(170, 5, -1):
            away = 90 < ago < 120
            self.observe(self.vantage[name, 4], self.now - ago * MINUTE,
                         "nyc" if away else "ams", 0, None,
                         (88000 if away else 11000) + 40 * (ago * 7919 % 97))

    def shift(self, before="ams", after="sin"):
        """Everybody of a site moves over IPv4, now; gives how many."""
        now = int(time.time() * SECOND)
        self.db.execute("BEGIN IMMEDIATE")
        rows = self.db.execute(
            "SELECT id, vantage_id FROM landing WHERE until_us IS NULL AND target_id = ? "
            "AND site_id = ?", (self.target[4], self.site[before])).fetchall()
        self.add_event(EVENT + 1, now, None, len(rows))
        for landing, vantage in rows:
            self.db.execute("UPDATE landing SET until_us = ? WHERE id = ?", (now, landing))
            self.db.execute(
                "INSERT INTO landing (vantage_id, target_id, state, site_id, since_us, last_us, n, "
                "rtt_min_us, rtt_sum_us, rtt_n) VALUES (?, ?, 'stable', ?, ?, ?, 3, 150000, "
                "450000, 3)", (vantage, self.target[4], self.site[after], now, now))
            self.vote(EVENT + 1, vantage, before, after, now, now + SECOND)
        self.db.execute("COMMIT")
        return len(rows)

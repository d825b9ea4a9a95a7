"""The catalogue loads, is small, and tells whose an identity is.

Asks the built program: CATCHWATER_BUILD, else build/.  The published lists
and strings that were really seen are read from CATCHWATER_DATA, else
../shared/data beside the project; tests that want them are skipped without.
Run by /usr/bin/python3 -m pytest.
"""

import gzip
import json
import math
import os
import pathlib
import re
import resource
import subprocess
import unicodedata

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
DATA = pathlib.Path(os.environ.get("CATCHWATER_DATA") or ROOT.parent / "shared/data")
SERVICES = ROOT / "schema/services"
NAMES = sorted(p.stem for p in SERVICES.glob("*.conf"))
COMMON = 'database = "x.db"\nlisten = "127.0.0.1:8420"\n'


def run(*words, **options):
    return subprocess.run(
        [BUILD / "catchwater", *words], capture_output=True, check=False, timeout=120, **options
    )


def escaped(raw):
    """Bytes as reports write them."""
    return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in raw)


def identify(strings, *words):
    """What the program says of each; a string is bytes."""
    done = run(
        "identify", "--json", "--catalogue", SERVICES, *words, "-",
        input="".join(escaped(s) + "\n" for s in strings).encode(),
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert len(rows) == len(strings)
    return rows


def data(path):
    if not (DATA / path).exists():
        pytest.skip(f"no {path} in {DATA}")
    return DATA / path


def table(path):
    """Rows of a TSV file, gzip or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        head = next(lines).rstrip("\n").split("\t")
        return [dict(zip(head, line.rstrip("\n").split("\t"))) for line in lines]


def plain(town):
    flat = unicodedata.normalize("NFKD", town)
    return "".join(c for c in flat if ord(c) < 127).casefold()


# ---- the files ----


def test_the_thirteen_letters_and_resolvers_are_there():
    assert {f"{c}-root" for c in "abcdefghijklm"} <= set(NAMES)
    assert {"google-dns", "cloudflare-dns", "quad9", "opendns"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_accepted_and_says_where_it_is_from(name, tmp_path):
    text = (SERVICES / f"{name}.conf").read_text(encoding="ascii")
    assert re.search(r"^# .*(root-servers\.org|\blist\b)", text, re.M)
    (tmp_path / "a.conf").write_text(f'{COMMON}include("{SERVICES}/{name}.conf")\n')
    done = run("check", "--config", tmp_path / "a.conf", text=True)
    assert done.returncode == 0, done.stderr
    assert f'service "{name}"' in done.stdout
    sites = re.findall(r'^\tsite "', done.stdout, re.M)
    assert len(sites) > 5
    assert done.stdout.count("position = ") == done.stdout.count("city = ") == len(sites)
    both = re.search(r"addresses = \{(.*)\}", done.stdout).group(1)
    assert ":" in both and "." in both


def test_all_at_once_are_one_configuration_small_and_quick(tmp_path):
    """In 32 MB of data; how fast is printed."""
    (tmp_path / "a.conf").write_text(f'{COMMON}include("{SERVICES}/*.conf")\n')
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run(
        "check", "--config", tmp_path / "a.conf", text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (32 << 20, 32 << 20)),
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('\nservice "') == len(NAMES)
    n = len(re.findall(r'^\tsite "', done.stdout, re.M))
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{len(NAMES)} services, {n} sites: {seconds * 1000:.0f} ms of CPU")


def test_the_list_and_one_file(tmp_path):
    rows = json.loads(run("catalogue", "--json").stdout)
    assert [r["name"] for r in rows] == NAMES
    assert all(r["n_sites"] > 5 and r["addresses"] for r in rows)
    assert run("catalogue", "k-root").stdout == (SERVICES / "k-root.conf").read_bytes()
    wrong = run("catalogue", "k-rot", text=True)
    assert wrong.returncode == 1 and "did you mean k-root" in wrong.stderr
    none = run("catalogue", "--catalogue", tmp_path, text=True)
    assert none.returncode == 1 and "--catalogue DIR" in none.stderr


def test_it_is_found_beside_an_installed_program(tmp_path):
    subprocess.run(
        ["make", "-s", "-C", ROOT, "install", f"DESTDIR={tmp_path}", "PREFIX=/usr", f"B={BUILD}"],
        check=True, capture_output=True, timeout=600,
    )
    done = subprocess.run(
        [tmp_path / "usr/bin/catchwater", "catalogue", "--csv"], capture_output=True, text=True, check=True, timeout=30
    )
    assert f"{tmp_path}/usr/bin/../share/catchwater/services/a-root.conf" in done.stdout


def test_the_generator_makes_what_is_committed(tmp_path):
    lists = data("root-sites/2025")
    subprocess.run([ROOT / "tools/make-catalogue", lists, tmp_path], check=True, capture_output=True, timeout=60)
    made = {p.name: p.read_text() for p in tmp_path.glob("*.conf")}
    assert made == {p.name: p.read_text() for p in SERVICES.glob("*.conf")}


# ---- identities ----

# As operators document them: service, site, and what stands in the city.
KNOWN = [
    (b"n3.us-iad.root", "a-root", "us-iad-3", "US"),
    (b"n1.ao-lad.root", "j-root", "ao-lad-1", "Luanda, AO"),
    (b"b4-iad", "b-root", "iad", "Reston, US"),
    (b"JFK1b.c.root-servers.org", "c-root", "jfk", "New York, US"),
    (b"bede2.droot.maxgigapop.net", "d-root", "bede", "Berlin, DE"),
    (b"brde2.droot.maxgigapop.net", "d-root", "bede", "Berlin, DE"),
    (b"c01.KIX.eroot", "e-root", "kix", "Osaka, JP"),
    (b"AMS.cf.f.root-servers.org", "f-root", "ams-cf", "Amsterdam, NL"),
    (b"ams1f.f.root-servers.org", "f-root", "ams", "Amsterdam, NL"),
    (b"groot-eur2-2", "g-root", "nap", "Naples, IT"),
    (b"sat1.groot", "g-root", "sat", "San Antonio, US"),
    (b"001.hkg.h.root-servers.org", "h-root", "hkg", "Hong Kong, HK"),
    (b"s1.stm", "i-root", "lab", "Stockholm, SE"),
    (b"ns1.cz-prg.k.ripe.net", "k-root", "cz-prg", "CZ"),
    (b"ns3.at-vie.k.ripe.net", "k-root", "at-vie-3", "Wien, AT"),
    (b"ci-abj-ab", "l-root", "ci-abj", "Abidjan, CI"),
    (b"M-NRT-DIXIE-2", "m-root", "nrt", "Tokyo, JP"),
    (b"M-ORY-4", "m-root", "cdg", "Paris, FR"),
    (b"gpdns-fra", "google-dns", "fra", "Frankfurt, DE"),
    (b"waw03", "cloudflare-dns", "waw", "Warsaw, PL"),
    (b"res710.qbre1", "quad9", "bre", "Bremen, DE"),
    (b"res100.ams.rrdns.pch.net", "quad9", "ams", "Amsterdam, NL"),
    (b"r4003.mel1", "opendns", "mel", "Melbourne, AU"),
]

# Damaged on the way, jokes, and other people's servers (seen too).
NOBODY = [
    b"jfk1b.c.root%servers.org", b"c01.FRA\x0eeroot", b"viat1.droot.maxgigapet.nop", b"M\rORY-1",
    b"par1a.c.root-servdrs.org", b"VIE.cf.f.root-serverg.ors", b"not.actually.c.root-servers.org",
    b"dnsmasq-2.80", b"none", b"", b"\x00", b"\x1b[31m", b"nomi83.percipientnetworks.com", b"X.groot",
    b"CleanBrowsing v1.6a - dns-edge-asia-seoul-v", bytes(range(1, 256)), b"a" * 255,
]


def test_documented_identities_are_their_sites():
    for (raw, service, site, city), got in zip(KNOWN, identify([k[0] for k in KNOWN])):
        assert (got["service"], got["site"]) == (service, site), (raw, got)
        assert city in got["city"], (raw, got)


def test_damaged_and_foreign_identities_are_nobodys():
    for raw, got in zip(NOBODY, identify(NOBODY)):
        assert "site" not in got and "service" not in got, (raw, got)


def test_an_opaque_identity_is_of_the_service_and_of_no_site():
    (got,) = identify([b"543m151"])
    assert got["service"] == "f-root" and "site" not in got


def test_one_service_and_one_method_alone():
    (got,) = identify([b"LHR"], "--method", "chaos")
    assert got["service"] == "cloudflare-dns"
    (got,) = identify([b"LHR"], "--method", "nsid")
    assert "service" not in got
    (got,) = identify([b"a1.de-fra.root"], "--service", "j-root")
    assert got["service"] == "j-root" and "also" not in got
    assert run("identify", "--method", "http", "x", text=True).returncode == 1


def test_a_bit_off_is_not_another_site():
    """Flips each bit of each; the few that are another site's very words are
    counted, and nobody could tell them."""
    flipped = []
    for raw, service, site, _ in KNOWN:
        for i in range(8 * len(raw)):
            bits = bytearray(raw)
            bits[i // 8] ^= 1 << i % 8
            if bits[i // 8] != 10 and bits[i // 8] != 0:
                flipped.append((bytes(bits), service, site))
    n_same = n_other = 0
    for (raw, service, site), got in zip(flipped, identify([f[0] for f in flipped])):
        if got.get("site") == site and got["service"] == service:
            n_same += 1
        elif "site" in got:
            n_other += 1
            assert re.fullmatch(rb"[\w.-]+", raw), raw
    print(f"{len(flipped)} strings one bit off: {n_same} still their site, {n_other} another's")
    assert n_other < len(flipped) / 50


# ---- what was published, and what was seen ----


def far_km(a, b):
    middle = math.cos(math.radians((a[0] + b[0]) / 2))
    return 111.2 * math.hypot(a[0] - b[0], (a[1] - b[1]) * middle)


def test_root_sites_every_published_identifier_is_its_letter_site_and_city():
    rows = table(data("root-sites/identifiers.tsv"))
    sites = {}
    for row, got in zip(rows, identify([r["identifier"].encode() for r in rows])):
        services = [got.get("service"), *got.get("also", "").split()]
        assert f"{row['letter']}-root" in services, (row, got)
        # A and J are one operator's, and have sites in common: only those.
        assert services == [services[0]] or services == ["a-root", "j-root"], (row, got)
        assert got["city"].casefold().startswith(plain(row["town"])), (row, got)
        where = tuple(map(float, got["position"].split(",")))
        assert far_km(where, (float(row["lat"]), float(row["lon"]))) < 2, (row, got)
        sites.setdefault((row["letter"], row["site_id"]), set()).add(got["site"])
    assert all(len(names) == 1 for names in sites.values())
    print(f"root-sites: {len(rows)} of {len(rows)} identifiers, {len(sites)} sites")


def test_nsid_strings_all_are_accepted_and_labelled_ones_are_right():
    rows = table(data("nsid-strings/root-nsid-first-seen.tsv.gz"))
    strings = [json.loads(r["json_string"]).encode("latin-1", "replace") for r in rows]
    published = {}
    for r in table(data("root-sites/identifiers.tsv")):
        published.setdefault((r["identifier"].lower(), r["letter"]), r)
    n_labelled = 0
    for row, raw, got in zip(rows, strings, identify(strings)):
        letter = row["root_letter_if_exact_identifier"]
        if not letter:
            continue
        truth = published[raw.decode().lower(), letter]
        assert got["service"] == f"{letter}-root", (row, got)
        assert got["city"].casefold().startswith(plain(truth["town"])), (row, got)
        assert got.get("also", "") in ("", "j-root")
        n_labelled += 1
    print(f"nsid-strings: {n_labelled} of {n_labelled} labelled right, {len(rows)} of {len(rows)} accepted")


# A rule of the study as templates of ours: its regular expressions are few.
FORMS = [
    (r"(?:@.*)?$", ["", "@*"]), (r"[0-9]?", ["", "{number}"]), ("2?", ["", "2"]), (".+", ["*"]),
    ("[0-9]+", ["{number}"]), ("[0-9]", ["{number}"]), ("[23]", ["{number}"]),
]


def templates_of(rule):
    if rule["match_type"] == "contains":
        return [rule["pattern"] + "*"]
    out = [rule["pattern"].removeprefix("^")]
    for form, texts in FORMS:
        out = [t.replace(form, text) for t in out for text in (texts if form in t else [""])]
    return [t.removesuffix("$").replace("\\.", ".") if t.endswith("$") or "$" in rule["pattern"]
            else t.replace("\\.", ".") + "*" for t in out]


def study(tmp_path):
    """The study's rules as a configuration."""
    sites, identity = {}, []
    for rule in table(data("nsid-observations/nsid_mapping_rules.tsv")):
        city = f"{rule['city'] or '-'}, {rule['country_code']}"
        name = re.sub("[^a-z]+", "-", city.lower()).strip("-")
        sites[name] = city
        identity += [f"{t} -> {name}" for t in templates_of(rule)]
    lines = [COMMON, 'service "cctld" {', 'addresses = { "192.0.2.53" }', 'zone = "."', "identity = {"]
    lines += [",\n".join(f'"{t}"' for t in identity), "}"]
    lines += [f'site "{n}" {{ city = "{c}" }}' for n, c in sites.items()] + ["}", ""]
    (tmp_path / "study.conf").write_text("\n".join(lines))
    return tmp_path / "study.conf"


def test_nsid_observations_agree_with_the_study(tmp_path):
    config = study(tmp_path)
    rows = table(data("nsid-observations/dns_observations_classified.tsv.gz"))
    n_sites = n_none = 0
    for row, got in zip(rows, identify([r["nsid_raw"].encode() for r in rows], "--config", config)):
        if row["country_code"]:
            assert got["city"] == f"{row['city'] or '-'}, {row['country_code']}", (row, got)
            n_sites += 1
        else:
            assert "site" not in got, (row, got)
            n_none += 1
    print(f"nsid-observations: {n_sites} of {n_sites} sites, {n_none} of {n_none} of no site")


def test_a_host_that_changes_inside_a_site_is_the_same_site(tmp_path):
    config = study(tmp_path)
    rows = table(data("nsid-observations/cctld_identity_summary.tsv"))
    pairs = [(r["nsid"], r["hostname_bind"]) for r in rows if r["nsid"] != r["hostname_bind"]]
    one = identify([a.encode() for a, _ in pairs], "--config", config)
    other = identify([b.encode() for _, b in pairs], "--config", config)
    known = [(a, b) for a, b in zip(one, other) if "site" in a and "site" in b]
    same = [p for p in known if p[0]["site"] == p[1]["site"]]
    for a, b in known:
        if a["site"] != b["site"]:
            # The first letters of both say so: another place, not another host.
            assert a["identity"][:3] != b["identity"][:3] or "tld-all" in a["identity"]
    print(f"{len(pairs)} servers give two names: {len(same)} of {len(known)} that are known are one site")
    assert len(same) >= 5

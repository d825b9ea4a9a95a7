"""What an attacker, a confused probe or a revoked one sends is refused, and
nothing of it is stored."""

import json

import pytest

from forge import Key, batch, headers, observation, post

PATH = "/v1/batches"


@pytest.fixture(name="probe", scope="module")
def _probe(world):
    """A probe that exists at the collector only: its key is ours."""
    key = Key()
    body = json.dumps({"token": world.token(), "public_key": key.public.hex(),
                       "name": "forger", "asn": 64511, "version": "0"}).encode()
    status, answer = post(world, "/v1/enroll", body,
                          headers(key, "POST", "/v1/enroll", body))
    assert (status, json.loads(answer)["probe"]) == (200, key.probe)
    return key


def stored(world, key):
    return world.query("SELECT count(*) FROM observation o JOIN vantage v"
                       " ON v.id = o.vantage_id WHERE v.probe_id = ?", key.probe)[0][0]


def send(world, key, body, seq, **changes):
    return post(world, PATH, body, {**headers(key, "POST", PATH, body, seq), **changes})


def test_a_good_batch_is_stored_and_a_replay_is_not(world, probe):
    body = batch(probe.probe, [observation(1), observation(2)])
    assert send(world, probe, body, 1) == (200, '{"acked":2}')
    assert stored(world, probe) == 2
    assert send(world, probe, body, 1) == (200, '{"acked":2}')
    assert stored(world, probe) == 2


def test_a_bad_signature_is_refused(world, probe):
    body = batch(probe.probe, [observation(10)])
    wanted = headers(probe, "POST", PATH, body, 10)
    wrong = wanted["Signature"][:10] + ("A" if wanted["Signature"][10] != "A" else "B") \
        + wanted["Signature"][11:]
    before = stored(world, probe)
    assert post(world, PATH, body, {**wanted, "Signature": wrong})[0] == 401
    assert stored(world, probe) == before


def test_a_changed_body_is_refused(world, probe):
    body = batch(probe.probe, [observation(10)])
    wanted = headers(probe, "POST", PATH, body, 10)
    before = stored(world, probe)
    assert post(world, PATH, body.replace(b"ok", b"OK"), wanted)[0] == 400
    assert stored(world, probe) == before


def test_a_changed_seq_is_refused(world, probe):
    body = batch(probe.probe, [observation(10)])
    wanted = headers(probe, "POST", PATH, body, 10)
    assert post(world, PATH, body, {**wanted, "Catchwater-Seq": "11"})[0] == 401


def test_another_path_or_method_is_refused(world, probe):
    body = batch(probe.probe, [observation(10)])
    wanted = headers(probe, "POST", "/v1/enroll", body, 10)
    assert post(world, PATH, body, wanted)[0] == 401
    wanted = headers(probe, "PUT", PATH, body, 10)
    assert post(world, PATH, body, wanted)[0] == 401


def test_an_unsigned_batch_is_refused(world, probe):
    assert post(world, PATH, batch(probe.probe, [observation(10)]), {})[0] == 401


def test_an_unknown_key_is_refused(world):
    key = Key()
    body = batch(key.probe, [observation(1)])
    assert send(world, key, body, 1)[0] == 401


def test_the_batch_of_another_probe_is_refused(world, probe):
    """Signed by us, but its header claims the probe in Berlin."""
    other = Key.of_probe(world.state_of("berlin"))
    body = batch(other.probe, [observation(1 << 40)])
    assert send(world, probe, body, 1 << 40)[0] == 400
    forged = headers(probe, "POST", PATH, body, 1 << 40, probe=other.probe)
    assert post(world, PATH, body, forged)[0] == 401
    assert world.query("SELECT max(acked_seq) FROM probe")[0][0] < 1 << 40


def test_garbage_is_refused_with_a_reason(world, probe):
    for body in (b"", b"\n", b"{}\n", b"\x00" * 100, b"[" * 100000,
                 batch(probe.probe, [observation(10)])[:-30]):
        status, answer = send(world, probe, body, 10)
        assert status == 400
        assert json.loads(answer)["error"]
    body = b"not zstd at all"
    assert send(world, probe, body, 10, **{"Content-Encoding": "zstd"})[0] == 400
    assert send(world, probe, body, 10, **{"Content-Encoding": "br"})[0] == 415


def test_a_body_too_large_is_refused(world, probe):
    assert send(world, probe, b"x" * (2 << 20), 10)[0] == 413


def test_a_used_or_invented_token_is_refused(world):
    for token in ("nonsense", ""):
        key = Key()
        body = json.dumps({"token": token, "public_key": key.public.hex(),
                           "name": "nobody", "version": "0"}).encode()
        assert post(world, "/v1/enroll", body,
                    headers(key, "POST", "/v1/enroll", body))[0] in (400, 403)


def test_a_token_works_once(world):
    token = world.token()
    statuses = []
    for name in ("first", "second"):
        key = Key()
        body = json.dumps({"token": token, "public_key": key.public.hex(),
                           "name": name, "version": "0"}).encode()
        statuses.append(post(world, "/v1/enroll", body,
                             headers(key, "POST", "/v1/enroll", body))[0])
    assert statuses == [200, 403]


def test_a_revoked_probe_is_refused_at_once(world, probe):
    world.catchwater("vantages", "revoke", "forger")
    body = batch(probe.probe, [observation(100)])
    before = stored(world, probe)
    assert send(world, probe, body, 100)[0] == 403
    assert stored(world, probe) == before

"""What a running collector says of itself, asked of the built program."""

import json

from served import SIMULATE, Served, run, simulate_services, wait_until

QUICK = 'upload_every = 1s\nitself { silent_after = 1s disk_low = 0 }\n'


def load(served, vantages=8, how_long="2s"):
    """Probes that enrol, upload for a while, and are not heard of again."""
    return json.loads(run(
        SIMULATE, "--collector", f"http://127.0.0.1:{served.port}", "--token",
        served.token(vantages), "--vantages", str(vantages), "--targets", "4", "--period", "2s",
        "--upload", "1s", "--for", how_long, "--json").stdout)


def health(served):
    answer = served.ask("/healthz")
    assert answer.headers["Content-Type"] == "application/json"
    return answer.status, json.loads(answer.text)


def test_health_is_lost_when_enrolled_probes_fall_silent(tmp_path):
    with Served(tmp_path, simulate_services(), more=QUICK) as served:
        assert health(served) == (200, {"healthy": True, "checks": {
            "store": "ok", "detector": "ok", "queue": "ok", "heard": "ok", "disk": "ok"}})
        load(served)
        status, said = wait_until(lambda: health(served)[0] == 503 and health(served),
                                  "silence told")
        assert status == 503 and said["healthy"] is False
        assert said["error"].startswith("nothing was heard for ")
        assert said["error"].endswith(" of 8 enrolled probes")
        assert said["checks"]["heard"].startswith("nothing was heard for ")
        assert said["checks"]["store"] == "ok"
        load(served)
        assert health(served)[0] == 200

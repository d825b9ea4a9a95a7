"""What a running collector says of itself, asked of the built program."""

import contextlib
import http.server
import json
import threading

from served import SIMULATE, Served, run, simulate_services, wait_until

QUICK = 'upload_every = 1s\nitself { silent_after = 1s disk_low = 0 }\n'


def load(served, how_long="2s"):
    """Eight probes that enrol, upload for a while, and are not heard of again."""
    return json.loads(run(
        SIMULATE, "--collector", f"http://127.0.0.1:{served.port}", "--token",
        served.token(8), "--vantages", "8", "--targets", "4", "--period", "2s",
        "--upload", "1s", "--for", how_long, "--json").stdout)


def health(served):
    answer = served.ask("/healthz")
    assert answer.headers["Content-Type"] == "application/json"
    return answer.status, json.loads(answer.text)


@contextlib.contextmanager
def webhook():
    """A receiver of alerts: its URL, and the list of what came."""
    came = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # pylint: disable=invalid-name
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", came
        server.shutdown()


def test_a_silent_fleet_costs_the_health_and_is_told_once(tmp_path):
    services = simulate_services()
    with webhook() as (url, came):
        more = QUICK + f'alert "ops" {{ webhook = "{url}" kinds = {{ shift }} }}\n'
        with Served(tmp_path, services, more=QUICK) as served:
            assert health(served) == (200, {"healthy": True, "checks": {
                "store": "ok", "detector": "ok", "queue": "ok", "heard": "ok", "disk": "ok"}})
            load(served)
            status, said = wait_until(lambda: health(served)[0] == 503 and health(served),
                                      "silence told")
            assert (status, said["healthy"]) == (503, False)
            assert said["error"].startswith("nothing was heard for ")
            assert said["error"].endswith(" of 8 enrolled probes")
            assert said["checks"]["heard"].startswith("nothing was heard for ")
            assert said["checks"]["store"] == "ok"
            served.wait_for_log("serve: not well: nothing was heard for ")
            served.write(services, more)
            served.reload()   # an alert that comes later is told what is so
            wait_until(lambda: came, "the alert")
            assert served.stop() == 0
        assert came[0]["notice"] == "open" and came[0]["event"]["kind"] == "collector"
        assert came[0]["event"]["verdict"] == "heard"
        with Served(tmp_path, services, more=more) as served:
            wait_until(lambda: health(served)[0] == 503, "silence after the restart")
            load(served)
            assert health(served)[0] == 200
            wait_until(lambda: len(came) > 1, "the end told")
        assert [n["notice"] for n in came[:2]] == ["open", "resolve"]
        assert came[1]["event"]["since"] == came[0]["event"]["since"]
        assert came[1]["event"]["resolution"] == "over"

"""A receiver of webhook alerts inside a node of the lab.              (edge)"""

import http.server
import json
import threading

from . import netns


class Receiver:
    """Keeps every alert that arrives, in order.  Answers `status`, so that a
    test can be an unwell receiver."""

    def __init__(self, lab, node):
        self.alerts = []
        self.keys = []
        self.status = 200
        with netns.entered(lab.names[node]):
            self._server = http.server.ThreadingHTTPServer(
                (lab.nodes()[node]["v4"], 0), self._handler())
        address, port = self._server.server_address
        self.url = f"http://{address}:{port}/alerts"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _handler(receiver):  # pylint: disable=no-self-argument
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.status == 200:
                    receiver.alerts.append(json.loads(body))
                    receiver.keys.append(self.headers["Idempotency-Key"])
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *args):
                pass

        return Handler

# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The control endpoint for tests: state, counters and reset of a simulated cluster over plain HTTP on loopback."""

from __future__ import annotations

import http.server
import json
import threading
import typing as t


class Controlled(t.Protocol):
    """What is controlled."""

    def state(self) -> dict[str, t.Any]:
        """Return what the cluster looks like."""

    def counters(self) -> dict[str, t.Any]:
        """Return what was counted since the last reset."""

    def reset(self) -> None:
        """Count from zero again."""


class ControlServer:
    """Serves ``GET /state``, ``GET /counters`` and ``POST /reset`` on a free port of 127.0.0.1 until it is closed."""

    def __init__(self, controlled: Controlled) -> None:
        class Handler(_Handler):
            cluster = controlled

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Return the address without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    cluster: Controlled

    def do_GET(self) -> None:  # the name is http.server's
        if self.path == "/state":
            self._answer(200, self.cluster.state())
        elif self.path == "/counters":
            self._answer(200, self.cluster.counters())
        else:
            self._answer(404, {"error": f"GET {self.path}: there are GET /state, GET /counters and POST /reset"})

    def do_POST(self) -> None:  # the name is http.server's
        if self.path == "/reset":
            self.cluster.reset()
            self._answer(200, {"reset": True})
        else:
            self._answer(404, {"error": f"POST {self.path}: there are GET /state, GET /counters and POST /reset"})

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: what happened is in the counters."""

    def _answer(self, status: int, content: dict[str, t.Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

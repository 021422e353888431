"""HTTP/1.1 with connections that stay open, as AWS's do; werkzeug's own server closes each one."""

from __future__ import annotations

import itertools
import threading
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from senza.sandbox.app import Answer, App, Dropped

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer


def make_server(app: App, port: int = 0) -> BaseWSGIServer:
    """A server for ``app`` on loopback; port 0 is any free one. It is bound, but not yet serving."""
    import werkzeug.serving
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    numbers = itertools.count(1)

    class Handler(MotoRequestHandler):  # type: ignore[misc]
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # headers and body in one segment

        def date_time_string(self, timestamp: float | None = None) -> str:
            """The Date header: the sandbox's time, not the machine's."""
            return formatdate(app.date() if timestamp is None else timestamp, usegmt=True)

        def setup(self) -> None:
            self.number = next(numbers)
            super().setup()

        def handle_expect_100(self) -> bool:
            """Tell a client that asks first, as botocore does with objects for S3; it waits a second otherwise."""
            result: bool = super().handle_expect_100()
            self.wfile.flush()
            return result

        def run_wsgi(self) -> None:
            """Answer one request; the app has read the whole body, so the connection can stay open."""
            try:
                self.write(app.answer(self.make_environ(), self.number))
            except Dropped:
                self.close_connection = True
            except (ConnectionError, TimeoutError):
                self.close_connection = True

        def write(self, answer: Answer) -> None:
            self.send_response(answer.status)
            body = b"" if self.command == "HEAD" else answer.body
            names = {name.lower() for name, _ in answer.headers}
            for name, value in answer.headers:
                self.send_header(name, value)
            if "content-length" not in names and answer.status not in (204, 304):
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log(self, *_: Any, **__: Any) -> None:
            """The request log takes the place of lines on the console."""

    def no_wsgi_app(*_: Any) -> Any:
        raise AssertionError("Handler.run_wsgi answers every request")

    server = werkzeug.serving.make_server("127.0.0.1", port, no_wsgi_app, threaded=True, request_handler=Handler)
    server.daemon_threads = True
    return server


def serve_in_thread(server: BaseWSGIServer) -> threading.Thread:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    return thread

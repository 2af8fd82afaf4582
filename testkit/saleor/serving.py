"""A web server for Saleor in this process, for tests that need real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, make_server


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """Serve Saleor on a free port and yield its address, without a trailing slash."""
    from django.core.wsgi import get_wsgi_application

    with make_server("localhost", 0, get_wsgi_application(), handler_class=_Quiet) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()

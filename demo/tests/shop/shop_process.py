"""The shop on a port of its own, in a thread, spoken to over real HTTP."""

import socket
import threading
import time
from typing import Any

import requests
import uvicorn

from demo.shop.app import create_app
from demo.shop.settings import Settings
from demo.shop.staff_key import HEADER


class OpenedShop:
    """Serves until ``close``; ``get`` and ``post`` take a path."""

    def __init__(self, settings: Settings) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self._server = uvicorn.Server(
            uvicorn.Config(create_app(settings), ws="none", log_config=None, timeout_keep_alive=1)
        )
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()
        self._url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._session = requests.Session()
        self._session.trust_env = False
        # As a browser that was opened with the staff's address; tests of the key send their own.
        self._session.headers[HEADER] = settings.staff_key
        while not self._server.started:
            assert self._thread.is_alive()
            time.sleep(0.005)

    def get(self, path: str, **how: Any) -> requests.Response:
        return self._session.get(self._url + path, timeout=10, **how)

    def post(self, path: str, **how: Any) -> requests.Response:
        return self._session.post(self._url + path, timeout=10, **how)

    def close(self) -> None:
        """Stop serving and wait for it."""
        self._session.close()
        self._server.should_exit = True
        self._thread.join(timeout=10)

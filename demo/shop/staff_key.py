"""The staff's routes have no login; they want the key that is part of the staff's address."""

import secrets

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

HEADER = "x-staff-key"
SENTENCE = (
    "This is the store's side. Open it with the staff address that was printed when the shop "
    "started: it ends with a key."
)


class StaffOnly:
    """Let a request through only with the right key."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse. Compared in constant time: the answer's delay tells nothing."""
        given = Headers(scope=scope).get(HEADER, "").encode()
        if secrets.compare_digest(given, self._key):
            await self._app(scope, receive, send)
        else:
            await JSONResponse({"error": SENTENCE}, 403)(scope, receive, send)

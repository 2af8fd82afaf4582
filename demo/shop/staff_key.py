"""The key of the staff's routes, which have no login."""

import secrets

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

HEADER = "x-staff-key"
"""Request header with the key."""
SENTENCE = (
    "This is the store's side. Open it with the staff address that was printed when the shop "
    "started: it ends with a key."
)


class StaffOnly:
    """ASGI middleware that returns 403 unless the request carries the key."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request. The key is compared in constant time."""
        given = Headers(scope=scope).get(HEADER, "").encode()
        if secrets.compare_digest(given, self._key):
            await self._app(scope, receive, send)
        else:
            await JSONResponse({"error": SENTENCE}, 403)(scope, receive, send)

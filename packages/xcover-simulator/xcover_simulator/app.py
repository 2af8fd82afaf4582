"""The simulator as one ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import format_datetime

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import wording
from .api import CALL, Api
from .booking_responses import PDS_PATH
from .control import Control
from .faults import UNKNOWN
from .http_responses import Connections, JsonResponse
from .operation import OperationResponse
from .store import Call, Store
from .webhooks import WebhookSender

SIMULATED = "X-XCover-Simulated"
"""Header of every response, so that a simulated booking cannot pass as a real one."""


def create_app(store: Store, connections: Connections) -> ASGIApp:
    """Return the application that serves ``store``.

    ``connections`` must be the registry of the server that runs the application; the reset fault
    closes connections through it.
    """
    sender = WebhookSender(store)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await sender.stop()

    app = Starlette(
        routes=[
            *Control(store, sender).routes(),
            *wording.routes(store),
            *Api(store, sender, connections).routes(),
        ],
        exception_handlers={HTTPException: _no_route},
        lifespan=lifespan,
    )
    # A wrong slash is a 404: at XCover a redirected POST could lose its body (inferred).
    app.router.redirect_slashes = False
    return Journal(app, store)


class Journal:
    """ASGI middleware that records partner calls and marks every response as simulated.

    The ``Date`` header of responses carries the simulator's time, not the machine's.
    """

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app = app
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. The recorded status is the one that was sent, after any fault."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call = Call(
            operation=UNKNOWN,
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            at=self._store.now(),
        )
        # The control page and the policy wording are opened by people, not by the partner.
        if not scope["path"].startswith(("/_simulator", PDS_PATH)):
            self._store.calls.append(call)
        scope[CALL] = call

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[SIMULATED] = "true"
                headers["date"] = format_datetime(self._store.now(), usegmt=True)
                call.status = message["status"]
            await send(message)

        await self._app(scope, receive, marked)


async def _no_route(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    message = "Not found." if status == 404 else str(error)
    body = {"type": "api_error", "message": message}
    return JsonResponse(OperationResponse(status, body), dict(headers or {}))

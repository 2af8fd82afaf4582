"""The whole simulator as one ASGI application."""

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
from .answers import PDS_PATH
from .api import CALL, Api
from .control import Control
from .http_responses import Connections, JsonResponse
from .operation import Answer
from .store import Call, Store
from .webhooks import WebhookSender

SIMULATED = "X-XCover-Simulated"


def create_app(world: Store, connections: Connections) -> ASGIApp:
    """Return the application; ``connections`` must be those of the server that runs it."""
    sender = WebhookSender(world)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await sender.stop()

    app = Starlette(
        routes=[
            *Control(world, sender).routes(),
            *wording.routes(world),
            *Api(world, sender, connections).routes(),
        ],
        exception_handlers={HTTPException: _no_route},
        lifespan=lifespan,
    )
    # A wrong slash must be an error here: a redirected POST would lose its body there.
    app.router.redirect_slashes = False
    return Journal(app, world)


class Journal:
    """Writes down every partner call; marks and dates every answer as simulated."""

    def __init__(self, app: ASGIApp, world: Store) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the call's status is what really went out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call = Call(
            operation="unknown",
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            at=self._world.now(),
        )
        # What people open is no call of a partner's.
        if not scope["path"].startswith(("/_simulator", PDS_PATH)):
            self._world.calls.append(call)
        scope[CALL] = call

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[SIMULATED] = "true"
                headers["date"] = format_datetime(self._world.now(), usegmt=True)
                call.status = message["status"]
            await send(message)

        await self._app(scope, receive, marked)


async def _no_route(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    message = "Not found." if status == 404 else str(error)
    body = {"type": "api_error", "message": message}
    return JsonResponse(Answer(status, body), dict(headers or {}))

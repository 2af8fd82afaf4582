"""The HTTP side: routes, signature, idempotency, faults, and a journal of every call."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import bookings, cancellations, confirmation, modifications, offers
from .control import Control
from .dressing import dressed
from .faults import Fault, Kind
from .jsontext import Json, loads
from .operation import Answer, Incoming
from .refusals import Refusal, bad_json, field_errors, forbidden, locked, media_type, not_found
from .signing import BadSignature, verify
from .webhooks import Courier
from .wire import Connections, Dripped, JsonResponse, Page, Silence, Truncated
from .world import Call, World

Handler = Callable[[World, Incoming], Answer]

BASES = ("/x", "/xcover")
_BOOKING = "/bookings/{booking_id}"

# Slashes exactly as documented or recorded; any other spelling is 404.
ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    ("create_offer", "POST", "/offers/", offers.create_offer),
    ("confirm", "POST", "/offers/{offer_id}/confirm/", confirmation.confirm),
    ("opt_out", "POST", "/offers/{offer_id}/opt_out/", offers.opt_out),
    ("list_bookings", "GET", "/bookings/", bookings.list_bookings),
    ("get_booking", "GET", f"{_BOOKING}/", bookings.get_booking),
    ("modify", "PATCH", f"{_BOOKING}/", modifications.modify),
    (
        "preview_modification",
        "PATCH",
        f"{_BOOKING}/quote_for_update",
        modifications.preview_modification,
    ),
    (
        "confirm_modification",
        "POST",
        f"{_BOOKING}/confirm_update/{{update_id}}/",
        modifications.confirm_modification,
    ),
    ("cancel", "POST", f"{_BOOKING}/cancel", cancellations.cancel),
    (
        "confirm_cancellation",
        "POST",
        f"{_BOOKING}/confirm_cancellation/{{cancellation_id}}/",
        cancellations.confirm_cancellation,
    ),
    ("send_email", "POST", f"{_BOOKING}/send_email", bookings.send_email),
)


class Api:
    """The signed partner API."""

    def __init__(self, world: World, courier: Courier, connections: Connections) -> None:
        self._world = world
        self._courier = courier
        self._connections = connections

    def routes(self) -> list[Route]:
        """Return every operation below both bases."""
        return [
            Route(
                f"{base}/partners/{{partner}}{path}",
                self._endpoint(operation, handler),
                methods=[method],
            )
            for base in BASES
            for operation, method, path, handler in ROUTES
        ]

    def _endpoint(self, operation: str, handler: Handler) -> Any:
        async def endpoint(request: Request) -> Response:
            call: Call = request.scope["simulator.call"]
            call.operation = operation
            call.idempotency_key = request.headers.get("x-idempotency-key")
            content = await request.body()
            call.body = _journalled(content)
            try:
                self._admit(request)
                body = _json_object(request, content)
                fault = self._world.faults.take(operation)
                call.fault = fault.kind if fault else None
                if fault and not fault.works_first:
                    return self._broken(fault, None)
                incoming = Incoming(
                    path=request.path_params,
                    query=request.query_params,
                    body=body,
                    error_version_2=request.headers.get("x-api-error-version") == "v2",
                    fault=fault,
                )
                answer = await self._once(request, handler, incoming)
            except Refusal as refusal:
                answer, fault = Answer(refusal.status, refusal.body), call_fault(refusal, locals())
            return self._broken(fault, answer) if fault else JsonResponse(answer)

        return endpoint

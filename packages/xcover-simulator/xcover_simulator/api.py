"""The signed partner API: signature check, rate limit, idempotency, faults and the operations."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import bookings, cancellations, confirmation, modifications, offers
from .faults import Fault, Kind
from .http_responses import Connections, Dripped, JsonResponse, NoResponse, Page, Truncated
from .jsontext import Json, loads
from .operation import Incoming, OperationResponse
from .refusals import Refusal, bad_json, field_errors, forbidden, locked, media_type, not_found
from .response_faults import apply_fault
from .signing import BadSignature, verify
from .store import Call, Store
from .webhooks import WebhookSender

Handler = Callable[[Store, Incoming], OperationResponse]

CALL = "simulator.call"
"""Key of the ASGI scope under which the journal leaves its ``Call``."""
BASES = ("/x", "/xcover")
"""Base paths: ``/x`` is documented for production, ``/xcover`` is recorded for staging."""
_BOOKING = "/bookings/{booking_id}"

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
"""Operation name, method, path and handler.

Slashes are exactly as documented or recorded; any other spelling is a 404.
"""


class Api:
    """The signed endpoints, served from one store."""

    def __init__(self, store: Store, sender: WebhookSender, connections: Connections) -> None:
        self._store = store
        self._sender = sender
        self._connections = connections

    def routes(self) -> list[Route]:
        """Return the routes of every operation below both base paths."""
        return [
            Route(
                f"{base}/partners/{{partner}}{path}",
                self._endpoint(operation, handler),
                methods=[method],
            )
            for base in BASES
            for operation, method, path, handler in ROUTES
        ]

    def _endpoint(
        self, operation: str, handler: Handler
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            call: Call = request.scope[CALL]
            call.operation = operation
            call.idempotency_key = request.headers.get("x-idempotency-key")
            content = await request.body()
            call.body = _journalled(content)
            try:
                self._admit(request)
                self._throttle(operation)
                body = _json_object(request, content)
            except Refusal as refusal:
                return JsonResponse(
                    OperationResponse(refusal.status, refusal.body), refusal.headers
                )
            fault = self._store.faults.take(operation)
            call.fault = fault.kind if fault else None
            if fault and not fault.works_first:
                return self._broken(fault, OperationResponse(200))
            incoming = Incoming(
                path=request.path_params,
                query=request.query_params,
                body=body,
                error_version_2=request.headers.get("x-api-error-version") == "v2",
                fault=fault,
            )
            try:
                response = await self._once(request, handler, incoming)
            except Refusal as refusal:
                response = OperationResponse(refusal.status, refusal.body)
            return self._broken(fault, response) if fault else JsonResponse(response)

        return endpoint

    def _admit(self, request: Request) -> None:
        settings = self._store.settings
        tolerance = settings.clock_tolerance_seconds
        try:
            verify(
                request.headers,
                method=request.method,
                path=request.scope["raw_path"].decode(),
                key=settings.api_key,
                secret=settings.api_secret,
                now=self._store.now(),
                tolerance=None if tolerance is None else timedelta(seconds=tolerance),
            )
        except BadSignature:
            raise forbidden() from None
        if request.path_params["partner"] != settings.partner_code:
            raise not_found("Partner does not exist")

    def _throttle(self, operation: str) -> None:
        """Raise the 429 refusal if the last second already held as many calls as allowed."""
        settings = self._store.settings
        try:
            self._store.throttle.admit(
                operation,
                self._store.now(),
                selling_per_second=settings.selling_per_second,
                other_per_second=settings.other_per_second,
            )
        except Refusal as refusal:
            if not settings.retry_after_when_throttled:
                refusal.headers.clear()
            raise

    async def _once(
        self, request: Request, handler: Handler, incoming: Incoming
    ) -> OperationResponse:
        """Run the operation, or repeat the response stored for the same idempotency key."""
        key = request.headers.get("x-idempotency-key")
        if not key or request.method == "GET":
            return await self._work(handler, incoming)
        kept = self._store.kept_answers
        path = request.url.path.split("/partners/", 1)[1]
        slot = (incoming.path["partner"], path, key)
        earlier = kept.earlier(slot, incoming.body, self._store.now())
        if earlier is not None:
            await _wait(incoming.fault)
            return apply_fault(earlier, incoming.fault)
        kept.reserve(slot, incoming.body, self._store.now())
        try:
            response = await self._work(handler, incoming)
        except BaseException:
            kept.release(slot)
            raise
        kept.keep(slot, response)
        return response

    async def _work(self, handler: Handler, incoming: Incoming) -> OperationResponse:
        await _wait(incoming.fault)
        response = apply_fault(handler(self._store, incoming), incoming.fault)
        if response.announces:
            self._sender.announce(*response.announces)
        return response

    def _broken(self, fault: Fault, response: OperationResponse) -> Response:
        """Return the response as ``fault`` lets it reach the client."""
        order = fault.order
        match fault.kind:
            case Kind.RESET | Kind.RESET_AFTER:
                return NoResponse(self._connections)
            case Kind.HANG:
                return NoResponse(self._connections, order.seconds)
            case Kind.DRIP:
                return Dripped(JsonResponse(response), order.interval)
            case Kind.MALFORMED:
                return Truncated(response.body)
            case Kind.HTML:
                return Page(order.status)
            case Kind.HTML_OK:
                return Page(200)
            case Kind.LOCKED:
                refusal = locked()
                return JsonResponse(OperationResponse(refusal.status, refusal.body))
            case Kind.STATUS:
                return _status(fault)
            case _:
                return JsonResponse(response)


def _status(fault: Fault) -> Response:
    order = fault.order
    throttled = "Request was throttled. Expected available in 1 second."
    usual = throttled if order.status == 429 else f"Simulated status {order.status}"
    body: Json = {"type": "api_error", "message": order.message or usual}
    headers = {} if order.retry_after is None else {"Retry-After": str(order.retry_after)}
    return JsonResponse(OperationResponse(order.status, body), headers)


async def _wait(fault: Fault | None) -> None:
    if fault is not None and fault.kind is Kind.DELAY:
        await asyncio.sleep(fault.order.seconds)


def _journalled(content: bytes) -> Any:
    if not content:
        return None
    try:
        return loads(content)
    except (ValueError, RecursionError):
        return content.decode(errors="replace")


def _json_object(request: Request, content: bytes) -> Json:
    if not content or request.method == "GET":
        return {}
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise media_type()
    try:
        body = loads(content)
    except (ValueError, RecursionError) as error:
        raise bad_json(str(error)) from None
    if body is None:
        # https://github.com/CoverGenius/xcover-python sends null where it has no payload.
        return {}
    if not isinstance(body, dict):
        raise field_errors({"non_field_errors": ["Invalid data. Expected a JSON object."]})
    return body

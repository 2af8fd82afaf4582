"""The unsigned control API below ``/_simulator``: state, reset, faults, settings, webhooks."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from .faults import FaultOrder, FaultOrders
from .http_responses import JsonResponse
from .jsontext import Json, loads
from .operation import OperationResponse
from .page import control_page
from .payloads import in_words
from .state import state
from .store import Store
from .webhooks import WebhookSender


class _BadControl(Exception):
    """A control request is invalid. The message is the sentence to return."""


class WebhookOrder(BaseModel):
    """The body of ``POST /_simulator/webhooks``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: Annotated[str, StringConstraints(min_length=1)]
    """Name of the notification, such as BOOKING_CANCELLED. Any text is sent as it is."""
    booking_id: str
    signed: bool | Literal["badly"] = True
    """True signs as XCover does, False omits the Authorization header, "badly" uses a wrong
    secret."""
    repeat: Annotated[int, Field(ge=1, le=20)] = 1
    """Number of times the notification is sent."""
    date_offset_seconds: Annotated[float, Field(allow_inf_nan=False, ge=-(10**8), le=10**8)] = 0
    """Seconds added to the signed ``Date`` header."""


class Control:
    """The endpoints through which tests and people control the simulator."""

    def __init__(self, store: Store, sender: WebhookSender) -> None:
        self._store = store
        self._sender = sender

    def routes(self) -> list[Route]:
        """Return the control routes."""
        base = "/_simulator"
        return [
            Route(base, self._show_state, methods=["GET"]),
            Route(f"{base}/reset", self._reset, methods=["POST"]),
            Route(f"{base}/faults", self._add_fault, methods=["POST"]),
            Route(f"{base}/faults", self._replace_faults, methods=["PUT"]),
            Route(f"{base}/faults", self._clear_faults, methods=["DELETE"]),
            Route(f"{base}/settings", self._change_settings, methods=["PATCH"]),
            Route(f"{base}/webhooks", self._send_webhook, methods=["POST"]),
        ]

    async def _show_state(self, request: Request) -> Response:
        shown = state(self._store)
        accepted = request.headers.get("accept", "")
        if accepted.startswith("text/html"):
            return HTMLResponse(control_page(shown))
        return JsonResponse(OperationResponse(200, shown))

    async def _reset(self, _: Request) -> Response:
        self._store.reset()
        return JsonResponse(OperationResponse(200, {"reset": True}))

    async def _add_fault(self, request: Request) -> Response:
        try:
            order = FaultOrder.model_validate(await _body(request))
        except (ValidationError, _BadControl) as error:
            return _refused(error)
        self._store.faults.add(order)
        return JsonResponse(OperationResponse(200, {"faults": self._store.faults.shown()}))

    async def _replace_faults(self, request: Request) -> Response:
        try:
            wanted = FaultOrders.model_validate(await _body(request))
        except (ValidationError, _BadControl) as error:
            return _refused(error)
        self._store.faults.replace(wanted.faults)
        return JsonResponse(OperationResponse(200, {"faults": self._store.faults.shown()}))

    async def _clear_faults(self, _: Request) -> Response:
        self._store.faults.clear()
        return JsonResponse(OperationResponse(200, {"faults": []}))

    async def _change_settings(self, request: Request) -> Response:
        try:
            self._store.settings = self._store.settings.changed(await _body(request))
        except (ValidationError, _BadControl) as error:
            return _refused(error)
        return JsonResponse(OperationResponse(200, {"settings": self._store.settings.shown()}))

    async def _send_webhook(self, request: Request) -> Response:
        try:
            order = WebhookOrder.model_validate(await _body(request))
            url = self._store.settings.webhook_url
            if url is None:
                raise _BadControl("webhook_url: set it first, there is nowhere to send to")
            booking = self._store.bookings.get(order.booking_id)
            if booking is None:
                raise _BadControl(f"booking_id: {order.booking_id} is unknown")
        except (ValidationError, _BadControl) as error:
            return _refused(error)
        deliveries = await self._sender.send(
            order.event,
            booking,
            url,
            signed=order.signed,
            repeat=order.repeat,
            date_offset=order.date_offset_seconds,
        )
        shown = [
            {
                "delivered": delivery.delivered,
                "attempts": [
                    {name: value for name, value in attempt.items() if name != "at"}
                    for attempt in delivery.attempts
                ],
            }
            for delivery in deliveries
        ]
        return JsonResponse(OperationResponse(200, {"webhooks": shown}))


async def _body(request: Request) -> Json:
    try:
        body: Any = loads(await request.body())
    except ValueError as error:
        raise _BadControl(f"body: not JSON ({error})") from None
    if not isinstance(body, dict):
        raise _BadControl("body: must be a JSON object")
    return body


def _refused(error: Exception) -> Response:
    sentence = in_words(error) if isinstance(error, ValidationError) else str(error)
    return JsonResponse(OperationResponse(422, {"error": sentence}))

"""Webhooks to the partner (XCover partner docs, Webhooks): signed, few tries, no event id."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Literal

import requests

from .answers import amounts, booking_answer
from .jsontext import Json, dumps
from .settings import Settings
from .signing import signed_headers
from .store import CANCELLED, Booking, Delivery, Store

TIMEOUT = (2, 5)  # seconds to connect, to read
WRONG_SECRET = "not-the-webhook-secret"  # noqa: S105 (signs webhooks that must be refused)

# True: as XCover signs. False: no Authorization at all. "badly": with another secret.
Signed = bool | Literal["badly"]


def payload(world: Store, booking: Booking) -> Json:
    """Return the documented payload; cancelled quotes also carry ``refund_value`` (captured)."""
    whole = booking_answer(world, booking)
    known = world.settings.webhook_partner_transaction_id
    refunds = {
        quote_id: refund
        for asked in world.cancellations.values()
        if asked.booking_id == booking.id and asked.done_at
        for quote_id, refund in asked.refunds.items()
    }
    quotes = []
    for shown in whole["quotes"]:
        names = ("id", "status", "price", "price_formatted", "policy_start_date")
        quote: Json = {name: shown[name] for name in (*names, "policy_end_date", "duration")}
        policy = shown["policy"]
        quote["policy"] = {
            name: policy[name] for name in ("policy_type", "policy_name", "policy_version")
        }
        quote["total_renewed_times"] = 0
        if shown["status"] == CANCELLED and shown["id"] in refunds:
            quote |= amounts(booking.currency, refund_value=refunds[shown["id"]])
        quotes.append(quote)
    names = ("id", "status", "currency", "total_price", "total_price_formatted")
    return {
        **{name: whole[name] for name in names},
        "partner_transaction_id": booking.partner_transaction_id if known else None,
        "quotes": quotes,
    }


class WebhookSender:
    """Delivers webhooks in the background, at most ``webhook_attempts`` times each."""

    def __init__(self, world: Store) -> None:
        self._world = world
        self._under_way: set[asyncio.Task[None]] = set()

    def announce(self, event: str, booking_id: str) -> None:
        """Send ``event`` in the background if a webhook address is set."""
        url = self._world.settings.webhook_url
        booking = self._world.bookings.get(booking_id)
        if url is None or booking is None:
            return
        delivery = self._delivery(event, booking, url, signed=True)
        task = asyncio.create_task(self._deliver(delivery, self._world.settings, date_offset=0))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def send(
        self,
        event: str,
        booking: Booking,
        url: str,
        *,
        signed: Signed = True,
        repeat: int = 1,
        date_offset: float = 0,
    ) -> list[Delivery]:
        """Send ``event`` ``repeat`` times, one after the other, and wait for the outcome."""
        deliveries = []
        for _ in range(repeat):
            delivery = self._delivery(event, booking, url, signed=signed)
            await self._deliver(delivery, self._world.settings, date_offset=date_offset)
            deliveries.append(delivery)
        return deliveries

    async def stop(self) -> None:
        """Drop what is still under way."""
        for task in list(self._under_way):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _delivery(self, event: str, booking: Booking, url: str, *, signed: Signed) -> Delivery:
        body: Json = {"event": event, "payload": payload(self._world, booking)}
        delivery = Delivery(event, booking.id, url, signed, body)
        self._world.webhooks.append(delivery)
        return delivery

    async def _deliver(self, delivery: Delivery, settings: Settings, *, date_offset: float) -> None:
        content = dumps(delivery.body).encode()
        for attempt in range(settings.webhook_attempts):
            if attempt:
                await asyncio.sleep(settings.webhook_retry_seconds)
            moment = self._world.now() + timedelta(seconds=date_offset)
            secret = WRONG_SECRET if delivery.signed == "badly" else settings.webhook_secret
            headers = signed_headers(settings.webhook_key, secret, moment)
            if delivery.signed is False:
                del headers["Authorization"]
            headers["Content-Type"] = "application/json"
            outcome = await asyncio.to_thread(_post, delivery.url, content, headers)
            delivery.attempts.append({"at": moment, **outcome})
            # Anything but 200 is tried again (documented).
            delivery.delivered = outcome.get("status") == 200
            if delivery.delivered:
                return


def _post(url: str, content: bytes, headers: dict[str, str]) -> Json:
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                url, data=content, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            return {"error": type(error).__name__}
        return {"status": answer.status_code}

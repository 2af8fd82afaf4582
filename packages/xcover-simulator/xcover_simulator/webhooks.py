"""Webhooks to the partner: signed, with few attempts and no notification id.

Sources: https://partner-docs.covergenius.com/offers/api/webhooks (signature, attempts) and
https://docs.covergenius.com/xcover/webhooks (payload)
"""

import asyncio
import contextlib
from datetime import timedelta
from typing import Literal

import requests

from .booking_responses import amounts, booking_response
from .jsontext import Json, dumps
from .settings import Settings
from .signing import signed_headers
from .store import CANCELLED, Booking, Delivery, Store

TIMEOUT = (2, 5)
"""Seconds to connect and to read."""
WRONG_SECRET = "not-the-webhook-secret"  # noqa: S105 (signs webhooks that must be refused)
"""Secret of webhooks that receivers must refuse."""

# True signs as XCover does, False sends no Authorization header, "badly" uses WRONG_SECRET.
Signed = bool | Literal["badly"]


def payload(store: Store, booking: Booking) -> Json:
    """Return the documented payload. Cancelled quotes also carry ``refund_value`` (captured)."""
    whole = booking_response(store, booking)
    known = store.settings.webhook_partner_transaction_id
    refunds = {
        quote_id: refund
        for asked in store.cancellations.values()
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
    """Sender of webhooks; tries each one up to ``webhook_attempts`` times."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._under_way: set[asyncio.Task[None]] = set()

    def announce(self, event: str, booking_id: str) -> None:
        """Send the notification ``event`` in the background.

        Does nothing when no webhook address is set or the booking is unknown. Must be called on
        the event loop.
        """
        url = self._store.settings.webhook_url
        booking = self._store.bookings.get(booking_id)
        if url is None or booking is None:
            return
        delivery = self._delivery(event, booking, url, signed=True)
        task = asyncio.create_task(self._deliver(delivery, self._store.settings, date_offset=0))
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
        """Send the notification ``event`` to ``url`` and wait for the outcome.

        Sends it ``repeat`` times, one after the other. ``date_offset`` is added to the signed
        Date, in seconds.
        """
        deliveries = []
        for _ in range(repeat):
            delivery = self._delivery(event, booking, url, signed=signed)
            await self._deliver(delivery, self._store.settings, date_offset=date_offset)
            deliveries.append(delivery)
        return deliveries

    async def stop(self) -> None:
        """Cancel all deliveries in progress."""
        for task in list(self._under_way):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _delivery(self, event: str, booking: Booking, url: str, *, signed: Signed) -> Delivery:
        body: Json = {"event": event, "payload": payload(self._store, booking)}
        delivery = Delivery(event, booking.id, url, signed, body)
        self._store.webhooks.append(delivery)
        return delivery

    async def _deliver(self, delivery: Delivery, settings: Settings, *, date_offset: float) -> None:
        content = dumps(delivery.body).encode()
        for attempt in range(settings.webhook_attempts):
            if attempt:
                await asyncio.sleep(settings.webhook_retry_seconds)
            moment = self._store.now() + timedelta(seconds=date_offset)
            secret = WRONG_SECRET if delivery.signed == "badly" else settings.webhook_secret
            headers = signed_headers(settings.webhook_key, secret, moment)
            if delivery.signed is False:
                del headers["Authorization"]
            headers["Content-Type"] = "application/json"
            outcome = await asyncio.to_thread(_post, delivery.url, content, headers)
            delivery.attempts.append({"at": moment, **outcome})
            # Any status but 200 is tried again (documented).
            delivery.delivered = outcome.get("status") == 200
            if delivery.delivered:
                return


def _post(url: str, content: bytes, headers: dict[str, str]) -> Json:
    with requests.Session() as session:
        session.trust_env = False
        try:
            response = session.post(
                url, data=content, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            return {"error": type(error).__name__}
        return {"status": response.status_code}

"""A hand-written client of XCover, which shares no code with the plugin or the simulator."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

import requests

KEY = "demo-key"
SECRET = "demo-secret-0001"
CODE = "ABCDE"
# The policyholder of every confirmation.
HOLDER = {
    "first_name": "Ana",
    "last_name": "Diaz",
    "email": "ana@example.com",
    "phone": "+441134960000",
    "country": "GB",
}


def event(
    name: str = "Evening Concert", prices: tuple[float, ...] = (100.00, 100.00), days: int = 90
) -> dict[str, Any]:
    """Return an event ``days`` from now with one ticket per price.

    Prices are in the currency of the offer request. The field names are those of the simulator.
    """
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    return {
        "name": name,
        "start_date": start.isoformat(),
        "end_date": (start + timedelta(hours=3)).isoformat(),
        "venue": "Town Hall",
        "city": "Leeds",
        "country": "GB",
        "tickets": [{"price": price} for price in prices],
    }


def offer_request(
    *events: dict[str, Any], currency: str = "GBP", country: str = "GB"
) -> dict[str, Any]:
    """Return the body of a create offer request for ``events``, or for one default event."""
    return {
        "customer": {"language": "en", "currency": currency, "country": country},
        "partner": {},
        "context": {"events": list(events) or [event()]},
    }


class Partner:
    """A client that signs requests as documented.

    Source: https://partner-docs.covergenius.com/offers/api/authentication
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        timeout: Any = 10,
        code: str = CODE,
        base_url: str | None = None,
        secret: str = SECRET,
    ) -> requests.Response:
        """Sign and send one request; ``path`` starts after the partner code.

        ``body`` is JSON text or a value to serialize. ``key`` is the idempotency key, ``headers``
        replace or add headers, and ``timeout`` is in seconds. Errors are not raised: check the
        status of the response.
        """
        date = format_datetime(datetime.now(UTC), usegmt=True)
        digest = hmac.new(secret.encode(), f"date: {date}".encode(), hashlib.sha512).digest()
        signature = quote(base64.b64encode(digest).decode(), safe="")
        sent = {
            "Authorization": (
                f'Signature keyId="{KEY}",algorithm="hmac-sha512",signature="{signature}"'
            ),
            "Date": date,
            "X-Api-Key": KEY,
            "Content-Type": "application/json",
            **({"x-idempotency-key": key} if key else {}),
            **(headers or {}),
        }
        return requests.request(
            method,
            f"{base_url or self.base_url}/partners/{code}{path}",
            data=body if isinstance(body, str) else None if body is None else json.dumps(body),
            headers=sent,
            timeout=timeout,
            allow_redirects=False,
        )

    def read(self, answer: requests.Response, status: int = 200) -> Any:
        """Return the JSON of a response with exact numbers; assert that it has ``status``."""
        assert answer.status_code == status, answer.text
        return json.loads(answer.content, parse_float=Decimal)

    def offer(self, *events: dict[str, Any], query: str = "", **customer: str) -> Any:
        """Create an offer and return it."""
        body = offer_request(*events, **customer)
        return self.read(self.send("POST", f"/offers/{query}", body))

    def confirm(self, offer: Any, *, key: str | None = None, timeout: Any = 10, **more: Any):
        """Confirm every quote of ``offer`` and return the response."""
        quotes = [{"id": product["id"]} for product in offer["products"]]
        body = {"quotes": quotes, "policyholder": HOLDER, **more}
        return self.send("POST", f"/offers/{offer['id']}/confirm/", body, key=key, timeout=timeout)

    def booking(self, *events: dict[str, Any], **more: Any) -> Any:
        """Create and confirm an offer and return the booking."""
        return self.read(self.confirm(self.offer(*events), **more))

    def get(self, booking: Any) -> Any:
        """Read a booking back."""
        return self.read(self.send("GET", f"/bookings/{booking['id']}/"))

    def cancel(self, booking: Any, body: Any) -> requests.Response:
        """Cancel a booking, or preview it if ``body`` says so, and return the response."""
        return self.send("POST", f"/bookings/{booking['id']}/cancel", body)

    def preview(self, booking: Any) -> Any:
        """Return a cancellation preview."""
        return self.read(self.cancel(booking, {"preview": True}))

    def confirm_cancellation(self, booking: Any, cancellation_id: str) -> requests.Response:
        """Confirm a cancellation preview and return the response."""
        path = f"/bookings/{booking['id']}/confirm_cancellation/{cancellation_id}/"
        return self.send("POST", path, {})

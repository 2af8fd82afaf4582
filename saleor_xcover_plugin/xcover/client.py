"""XCover's Offers API, one method per operation. Slashes as documented: a wrong one is a 404."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from . import answers
from .answers import Booking, CancellationPreview, Modification, Offer
from .errors import (
    XCoverAlreadyBooked,
    XCoverBadAnswer,
    XCoverError,
    XCoverMisconfigured,
    XCoverNoOffer,
    XCoverNotFound,
    XCoverRejected,
    XCoverStatusConflict,
    XCoverThrottled,
    XCoverUnavailable,
)
from .signing import sign
from .transport import Answer, Request, Transport

_BOOKING_ID = re.compile(r"\b([A-Za-z0-9]+-[A-Za-z0-9]+-INS)\b")
_PROBE_ID = "PROBE-00000-INS"

A = TypeVar("A", Offer, Booking, CancellationPreview, Modification)


@dataclass(frozen=True, slots=True)
class Credentials:
    """How one store speaks to XCover. Key and secret never show in ``repr``."""

    api_url: str
    partner_code: str
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    algorithm: str = "hmac-sha512"
    signed_headers: tuple[str, ...] = ("date",)


class XCoverClient:
    """Each method makes one attempt within ``deadline`` seconds and raises only ``XCoverError``."""

    def __init__(self, credentials: Credentials, transport: Transport) -> None:
        self._credentials = credentials
        self._transport = transport

    def create_offer(
        self,
        body: bytes,
        *,
        idempotency_key: str | None = None,
        deadline: float = 3.0,
        query: Mapping[str, str] | None = None,
    ) -> Offer:
        """Ask for an offer. Raise ``XCoverNoOffer`` when XCover makes none for the basket."""
        path = "/offers/" + (f"?{urlencode(query)}" if query else "")
        data = self._call("create_offer", "POST", path, body, idempotency_key, deadline)
        _refuse_partial(data)
        return answers.parse(Offer, data)

    def confirm_offer(
        self, offer_id: str, body: bytes, *, idempotency_key: str, deadline: float = 15.0
    ) -> Booking:
        """Make the offer a booking; the same key again returns the same booking (409 by shape)."""
        path = f"/offers/{_quoted(offer_id)}/confirm/"
        data = self._call("confirm_offer", "POST", path, body, idempotency_key, deadline)
        _refuse_partial(data)
        return answers.parse(Booking, data)

    def opt_out(
        self, offer_id: str, body: bytes = b"{}", *, idempotency_key: str, deadline: float = 10.0
    ) -> None:
        """Report that the offer was shown and not taken (204, no body)."""
        path = f"/offers/{_quoted(offer_id)}/opt_out/"
        self._call("opt_out", "POST", path, body, idempotency_key, deadline)

    def get_booking(self, booking_id: str, *, deadline: float = 10.0) -> Booking:
        path = f"/bookings/{_quoted(booking_id)}/"
        return answers.parse(Booking, self._call("get_booking", "GET", path, None, None, deadline))

    def modify_booking(
        self,
        booking_id: str,
        body: bytes,
        *,
        idempotency_key: str,
        preview: bool,
        deadline: float = 15.0,
    ) -> Modification:
        """Change a booking, or with ``preview`` only learn the price difference."""
        tail = "quote_for_update" if preview else ""
        operation = "preview_modification" if preview else "modify_booking"
        path = f"/bookings/{_quoted(booking_id)}/{tail}"
        return answers.parse(
            Modification,
            self._call(operation, "PATCH", path, body, idempotency_key, deadline),
        )

    def confirm_modification(
        self, booking_id: str, update_id: str, *, idempotency_key: str, deadline: float = 15.0
    ) -> Modification:
        path = f"/bookings/{_quoted(booking_id)}/confirm_update/{_quoted(update_id)}/"
        return answers.parse(
            Modification,
            self._call("confirm_modification", "POST", path, b"{}", idempotency_key, deadline),
        )

    def preview_cancellation(
        self, booking_id: str, body: bytes, *, idempotency_key: str, deadline: float = 15.0
    ) -> CancellationPreview:
        """Learn what cancelling would refund. Nothing is cancelled, whatever the status says."""
        path = f"/bookings/{_quoted(booking_id)}/cancel"
        data = self._call("preview_cancellation", "POST", path, body, idempotency_key, deadline)
        return answers.parse(CancellationPreview, data)

    def confirm_cancellation(
        self,
        booking_id: str,
        cancellation_id: str,
        *,
        idempotency_key: str,
        deadline: float = 15.0,
    ) -> Booking:
        """Cancel for good, as previewed. It cannot be undone."""
        path = f"/bookings/{_quoted(booking_id)}/confirm_cancellation/{_quoted(cancellation_id)}/"
        data = self._call("confirm_cancellation", "POST", path, b"{}", idempotency_key, deadline)
        booking = answers.parse(Booking, data)
        if not booking.is_cancelled:
            raise XCoverBadAnswer("confirm_cancellation: the booking is not cancelled")
        return booking

    def probe(self, *, deadline: float = 5.0) -> None:
        """Try the credentials without any effect: a booking that cannot exist must be a 404.

        Raise ``XCoverMisconfigured`` when they are refused.
        """
        try:
            self._call("probe", "GET", f"/bookings/{_PROBE_ID}/", None, None, deadline)
        except XCoverNotFound:
            return

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        body: bytes | None,
        idempotency_key: str | None,
        deadline: float,
    ) -> Any:
        """Sign, send, and return the JSON of a success; anything else becomes an error."""
        made = self._credentials
        url = f"{made.api_url.rstrip('/')}/partners/{_quoted(made.partner_code)}{path}"
        headers = sign(
            made.api_key,
            made.api_secret,
            self._transport.clock(),
            algorithm=made.algorithm,
            headers=made.signed_headers,
            method=method,
            path=urlsplit(url).path,
        )
        headers |= {"Accept": "application/json", "X-API-Error-Version": "v2"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if idempotency_key:
            headers["x-idempotency-key"] = idempotency_key
        answer = self._transport.send(
            Request(operation, method, url, headers, body), deadline=deadline
        )
        return read_answer(operation, answer)


def read_answer(operation: str, answer: Answer) -> Any:
    """Return the JSON of a success. Raise by what the caller must do, status before body."""
    status = answer.status
    if status == 429:
        raise XCoverThrottled(
            f"{operation}: too many calls", status=status, retry_after=_retry_after(answer)
        )
    if 300 <= status < 400:
        raise XCoverMisconfigured(f"{operation}: the address redirects", status=status)
    if status >= 500 or status == 423:
        raise XCoverUnavailable(f"{operation}: XCover is busy or broken", status=status)
    if not answer.body.strip() and (200 <= status < 300 or status == 409):
        return None  # 409: the stored answer to this key had no body either
    try:
        data = answers.load(answer.body)
    except (ValueError, RecursionError):
        if status in (401, 403):
            raise XCoverMisconfigured(f"{operation}: access refused", status=status) from None
        raise XCoverUnavailable(f"{operation}: the answer is not JSON", status=status) from None
    if 200 <= status < 300 or _is_stored_booking(status, data):
        return data
    raise _refusal(operation, status, data)


def _is_stored_booking(status: int, data: Any) -> bool:
    """409 with a booking is the stored answer to the same key: success (vendor page, 409)."""
    return status == 409 and isinstance(data, dict) and "status" in data and "id" in data


def _refusal(operation: str, status: int, data: Any) -> XCoverError:
    body = data if isinstance(data, dict) else {}
    code = body.get("code") if isinstance(body.get("code"), str) else None
    error_id = body.get("error_id") if isinstance(body.get("error_id"), str) else None
    if status in (401, 403):
        return XCoverMisconfigured(f"{operation}: access refused", status=status, code=code)
    if status == 404:
        return XCoverNotFound(f"{operation}: not known to XCover", status=status, code=code)
    texts = _texts_of(body)
    # The one place where a message decides: XCover names the booking nowhere else.
    booked = next((m for t in texts if "already exists" in t for m in _BOOKING_ID.findall(t)), None)
    if booked:
        return XCoverAlreadyBooked(
            f"{operation}: the offer is booked already", booking_id=booked, status=status
        )
    kind: type[XCoverError] = XCoverRejected
    if any("Status change not allowed" in text for text in texts):
        kind = XCoverStatusConflict
    elif operation == "create_offer" and status == 422:
        kind = XCoverNoOffer
    return kind(
        f"{operation}: refused",
        status=status,
        code=code,
        error_id=error_id,
        fields=_fields_of(body),
    )


def _refuse_partial(data: Any) -> None:
    """A 2xx can carry errors or null items (vendor page, error types): that is a refusal."""
    if not isinstance(data, dict):
        return
    items = [*(data.get("products") or []), *(data.get("quotes") or [])]
    if data.get("errors") or any(item is None for item in items):
        raise XCoverNoOffer("the answer carries errors", fields=_fields_of(data))


def _texts_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts_of(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts_of(item)]
    return []


def _fields_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Paths named under ``errors``, without values and without anything that looks like one."""

    def walk(value: Any, path: str) -> list[str]:
        if isinstance(value, dict) and value:
            return [
                found
                for key, item in value.items()
                for found in walk(item, f"{path}.{key}" if path else str(key))
            ]
        return [path] if path else []

    paths = walk(body.get("errors") if isinstance(body.get("errors"), dict) else {}, "")
    return tuple(path for path in paths if re.fullmatch(r"[\w.\-]{1,80}", path))


def _retry_after(answer: Answer) -> float | None:
    text = {k.lower(): v for k, v in answer.headers.items()}.get("retry-after", "").strip()
    if text.isdigit():
        return min(float(text), 3600.0)
    try:
        moment = parsedate_to_datetime(text)
        sent = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError):
        return None
    wait = (moment.astimezone(UTC) - sent.astimezone(UTC)).total_seconds()
    return min(max(wait, 0.0), 3600.0)


def _quoted(identifier: str) -> str:
    return quote(identifier, safe="")

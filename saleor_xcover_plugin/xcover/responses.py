"""From an HTTP answer to JSON or to an error that says what to do: status before body."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from .answers import load
from .bookings import has_null_item
from .errors import (
    XCoverAlreadyBooked,
    XCoverError,
    XCoverMisconfigured,
    XCoverNoOffer,
    XCoverNotFound,
    XCoverProductFailed,
    XCoverRejected,
    XCoverStatusConflict,
    XCoverThrottled,
    XCoverUnavailable,
)
from .signing import read_http_date
from .transport import Response
from .values import mapping

MAX_DELAY = 3600.0

_BOOKING_ID = re.compile(r"\b([A-Za-z0-9]{1,20}-[A-Za-z0-9]{1,20}-INS)\b")
_CODE = re.compile(r"[a-z][a-z0-9_]{1,63}")
_ERROR_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
# A field's name as an API writes it; what a buyer typed (names, mail, phone) does not fit.
_FIELD = re.compile(r"([a-z][a-z0-9_]{0,39}|\d{1,3})(\.([a-z][a-z0-9_]{0,39}|\d{1,3})){0,7}")
_MAX_FIELDS = 20


def parse_response(operation: str, answer: Response, *, now: datetime | None = None) -> Any:
    """Return the JSON of a success, None for one without body; raise ``XCoverError``.

    ``now`` is what a Retry-After date counts from when the answer carries no Date.
    """
    status = answer.status
    if status == 429:
        raise XCoverThrottled(
            f"{operation}: too many calls", status=status, retry_after=_retry_after(answer, now)
        )
    if 300 <= status < 400:
        raise XCoverMisconfigured(f"{operation}: the address redirects", status=status)
    if status >= 500 or status == 423:
        raise XCoverUnavailable(
            f"{operation}: XCover is busy or broken",
            status=status,
            retry_after=_retry_after(answer, now),
        )
    is_success = 200 <= status < 300
    if not answer.body.strip() and (is_success or status == 409):
        return None  # 409: the stored answer to this key had no body either
    try:
        data = load(answer.body)
    except (ValueError, RecursionError):
        if status in (401, 403):
            raise XCoverMisconfigured(f"{operation}: access refused", status=status) from None
        raise XCoverUnavailable(f"{operation}: the answer is not JSON", status=status) from None
    if is_success or _is_stored_booking(status, data):
        return _whole(operation, status, data)
    if operation == "opt_out" and status == 409:
        return None  # this key has been answered: the opt-out is known
    raise _refusal(operation, status, dict(mapping(data)))


def _is_stored_booking(status: int, data: Any) -> bool:
    """409 with a booking is the stored answer to the same key: success (XCover docs, 409)."""
    body = mapping(data)
    is_error = "type" in body and "message" in body
    return status == 409 and "status" in body and isinstance(body.get("id"), str) and not is_error


def _whole(operation: str, status: int, data: Any) -> Any:
    """A 2xx can carry errors or null items (XCover docs, error types): that is a refusal."""
    body = dict(mapping(data))
    is_empty_offer = operation == "create_offer" and "products" in body and not body["products"]
    if body.get("errors") or has_null_item(body) or is_empty_offer:
        raise _refusal(operation, status, body)
    return data


def _refusal(operation: str, status: int, body: dict[str, Any]) -> XCoverError:
    code, error_id = _shaped(body.get("code"), _CODE), _shaped(body.get("error_id"), _ERROR_ID)
    if status in (401, 403):
        return XCoverMisconfigured(
            f"{operation}: access refused", status=status, code=code, error_id=error_id
        )
    if status == 404 and "type" not in body:
        # Not XCover's own 404: a wrong address must not pass for an offer that is gone.
        return XCoverMisconfigured(f"{operation}: nothing is at this address", status=status)
    if status == 404:
        return XCoverNotFound(
            f"{operation}: not known to XCover", status=status, code=code, error_id=error_id
        )
    kind: type[XCoverError] = XCoverRejected
    if status == 422:
        texts = list(_texts_of(body))
        # Here a message decides: XCover names neither booking nor conflict anywhere else.
        known = (m for t in texts if "already exists" in t for m in _BOOKING_ID.findall(t))
        booking_id = next(known, None)
        if booking_id is not None:
            return XCoverAlreadyBooked(
                f"{operation}: the offer is booked already", booking_id=booking_id, status=status
            )
        if any("Status change not allowed" in text for text in texts):
            kind = XCoverStatusConflict
    if kind is XCoverRejected and operation == "create_offer" and status != 400:
        kind = XCoverProductFailed if has_null_item(body) else XCoverNoOffer
    problem = "refused" if status >= 300 else "a success that carries errors or no items"
    return kind(
        f"{operation}: {problem}",
        status=status,
        code=code,
        error_id=error_id,
        fields=_fields_of(body.get("errors")),
    )


def _shaped(value: Any, shape: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and shape.fullmatch(value) else None


def _texts_of(value: Any) -> Iterator[str]:
    """All texts of a body, in order. Without recursion: a hostile one is nested deeply."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            waiting += reversed(list(item.values()))
        elif isinstance(item, list):
            waiting += reversed(item)


def _fields_of(errors: Any) -> tuple[str, ...]:
    """Paths of the refused fields, without values and without anything that looks like one."""
    found: list[str] = []
    waiting: list[tuple[str, Any]] = [("", errors)] if isinstance(errors, Mapping) else []
    while waiting and len(found) < _MAX_FIELDS:
        path, item = waiting.pop()
        if isinstance(item, Mapping) and item:
            inner = [(f"{path}.{key}" if path else str(key), value) for key, value in item.items()]
            waiting += reversed([pair for pair in inner if _FIELD.fullmatch(pair[0])])
        elif path:
            found.append(path)
    return tuple(found)


def _retry_after(answer: Response, now: datetime | None) -> float | None:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        return min(float(text), MAX_DELAY)
    until, sent = read_http_date(text), read_http_date(headers.get("date", "")) or now
    if until is None or sent is None:
        return None
    return min(max((until - sent).total_seconds(), 0.0), MAX_DELAY)

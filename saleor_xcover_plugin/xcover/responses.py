"""Turn an HTTP response into JSON or into an ``XCoverError``; the status decides before the body.

Sources: https://partner-docs.covergenius.com/offers/api/responses/error-types and
https://docs.covergenius.com/xcover/responses
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

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
from .parsing import load
from .signing import read_http_date
from .transport import Response
from .values import mapping

MAX_DELAY = 3600.0
"""Longest accepted Retry-After, in seconds."""

_BOOKING_ID = re.compile(r"\b([A-Za-z0-9]{1,20}-[A-Za-z0-9]{1,20}-INS)\b")
_CODE = re.compile(r"[a-z][a-z0-9_]{1,63}")
_ERROR_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
# The path of a field; a value that a buyer entered, such as a name or e-mail, does not match.
_FIELD = re.compile(r"([a-z][a-z0-9_]{0,39}|\d{1,3})(\.([a-z][a-z0-9_]{0,39}|\d{1,3})){0,7}")
_MAX_FIELDS = 20


def parse_response(operation: str, response: Response, *, now: datetime | None = None) -> Any:
    """Return the JSON of a success, or None for one without a body.

    A stored response to an earlier attempt (409) is a success. Raise the subclass of
    ``XCoverError`` that fits any other response. ``now`` is the time from which a Retry-After date
    counts if the response has no Date header.
    """
    status = response.status
    if status == 429:
        raise XCoverThrottled(
            f"{operation}: too many calls", status=status, retry_after=_retry_after(response, now)
        )
    if 300 <= status < 400:
        raise XCoverMisconfigured(f"{operation}: the address redirects", status=status)
    if status >= 500 or status == 423:
        raise XCoverUnavailable(
            f"{operation}: XCover is busy or broken",
            status=status,
            retry_after=_retry_after(response, now),
        )
    is_success = 200 <= status < 300
    if not response.body.strip() and (is_success or status == 409):
        return None  # 409: the stored response to this key had no body either
    try:
        data = load(response.body)
    except (ValueError, RecursionError):
        if status in (401, 403):
            raise XCoverMisconfigured(f"{operation}: access refused", status=status) from None
        raise XCoverUnavailable(f"{operation}: the answer is not JSON", status=status) from None
    if is_success or _is_stored_booking(status, data):
        return _whole(operation, status, data)
    if operation == "opt_out" and status == 409:
        return None  # an earlier attempt with this key was processed
    raise _refusal(operation, status, dict(mapping(data)))


def _is_stored_booking(status: int, data: Any) -> bool:
    """Return True for a 409 with a booking: the stored response to the same idempotency key.

    Source: https://docs.covergenius.com/xcover/idempotency-keys
    """
    body = mapping(data)
    is_error = "type" in body and "message" in body
    return status == 409 and "status" in body and isinstance(body.get("id"), str) and not is_error


def _whole(operation: str, status: int, data: Any) -> Any:
    """Return the JSON of a success; raise ``XCoverError`` if it carries errors or null items.

    Source: https://partner-docs.covergenius.com/offers/api/responses/error-types
    """
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
        # XCover's own 404 has a type; this one is due to a wrong address, not a missing offer.
        return XCoverMisconfigured(f"{operation}: nothing is at this address", status=status)
    if status == 404:
        return XCoverNotFound(
            f"{operation}: not known to XCover", status=status, code=code, error_id=error_id
        )
    kind: type[XCoverError] = XCoverRejected
    if status == 422:
        texts = list(_texts_of(body))
        # Only the message names the booking or the conflict. Observed with XCover's sandbox:
        # https://github.com/highbrowse-co/realcheap
        known = (m for t in texts if "already exists" in t for m in _BOOKING_ID.findall(t))
        booking_id = next(known, None)
        if booking_id is not None:
            return XCoverAlreadyBooked(
                f"{operation}: the offer is booked already", booking_id=booking_id, status=status
            )
        if any("Status change not allowed" in text for text in texts):
            kind = XCoverStatusConflict
    fields = _fields_of(body.get("errors"))
    is_unread = status == 400 or bool(_PARTS.intersection(each.split(".")[0] for each in fields))
    if kind is XCoverRejected and operation == "create_offer" and not is_unread:
        kind = XCoverProductFailed if has_null_item(body) else XCoverNoOffer
    problem = "refused" if status >= 300 else "a success that carries errors or no items"
    return kind(
        f"{operation}: {problem}",
        status=status,
        code=code,
        error_id=error_id,
        fields=fields,
    )


_PARTS = frozenset({"context", "customer", "partner", "insured", "non_field_errors"})
"""First parts of the paths under which XCover refuses what was sent, not the risk."""


def _shaped(value: Any, shape: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and shape.fullmatch(value) else None


def _texts_of(value: Any) -> Iterator[str]:
    """Yield all texts of a body in order, without recursion, however deeply it is nested."""
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
    """Return the paths of the refused fields, without anything that may be a value."""
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


def _retry_after(response: Response, now: datetime | None) -> float | None:
    """Return the seconds to wait, at most ``MAX_DELAY``, or None if they are not named."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        return min(float(text), MAX_DELAY)
    until, sent = read_http_date(text), read_http_date(headers.get("date", "")) or now
    if until is None or sent is None:
        return None
    return min(max((until - sent).total_seconds(), 0.0), MAX_DELAY)

"""Log calls to XCover without personal data, secrets and links.

A field of a body shows its value only if it is listed here and the value has the expected form.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

log = logging.getLogger("saleor_xcover_plugin.xcover")

HIDDEN = "[hidden]"
"""Text in place of a hidden value."""
_MAX_ITEMS = 20
_MAX_DEPTH = 8

_CONTAINERS = {
    *("products", "quotes", "details", "finance", "price", "tax"),
    *("context", "events", "tickets", "content"),
}
_NUMBERS = {
    *("price", "total_price", "total_tax", "total_premium", "total_amount"),
    *("total_amount_without_tax", "refund_value", "total_refund", "refund_amount"),
    *("total_price_diff", "price_diff", "can_be_cancelled", "preview"),
}
_IDS = (
    *("id", "cancellation_id", "update_id", "error_id", "offer_config_id", "product_config_id"),
    *("quote_id", "policy_version_id", "fast_quote_id"),
)
_TIMES = (
    *("confirm_before", "created_at", "confirmed_at", "cancelled_at", "policy_coolingoff_date"),
    *("policy_start_date", "policy_end_date", "start_date", "end_date"),
)
# UUIDs and the suffixed ids of bookings, cancellations, updates. A security token has neither form.
_ID = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9]{1,12}(-[A-Za-z0-9]{1,12}){1,3}-(INS|CCL|UPD)"
)
_SHAPES = {
    **dict.fromkeys(_IDS, _ID),
    **dict.fromkeys(("status", "currency"), re.compile(r"[A-Z_]{3,24}")),
    **dict.fromkeys(("code", "type"), re.compile(r"[a-z]+(_[a-z0-9]+)+")),
    **dict.fromkeys(_TIMES, re.compile(r"\d{4}-\d\d-\d\d[T ][0-9:.]{5,15}(Z|[+-]\d\d:?\d\d)?")),
}


def redact(body: Any) -> Any:
    """Return ``body`` with unlisted fields left out and unexpected values hidden.

    Bytes are read as JSON; of others only the length is returned.
    """
    if isinstance(body, bytes | bytearray):
        try:
            body = json.loads(body, parse_float=str)
        except (ValueError, RecursionError):
            return f"[{len(body)} bytes, not JSON]"
    return _redacted(body, "", _MAX_DEPTH)


def _redacted(value: Any, name: str, depth: int) -> Any:
    if depth == 0:
        return HIDDEN
    if isinstance(value, dict):
        return {
            key: (
                _redacted(item, key, depth - 1)
                if isinstance(item, dict | list) and key in _CONTAINERS
                else _scalar(item, key)
            )
            for key, item in list(value.items())[:_MAX_ITEMS]
            if isinstance(key, str) and _is_listed(key)
        }
    if isinstance(value, list):
        return [_redacted(item, name, depth - 1) for item in value[:_MAX_ITEMS]]
    return _scalar(value, name)


def _is_listed(name: str) -> bool:
    # Unlisted names are left out, because errors may be keyed by a value the buyer entered.
    return name in _CONTAINERS or name in _NUMBERS or name in _SHAPES


def _scalar(value: Any, name: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if name in _NUMBERS and isinstance(value, int | float | Decimal):
        return str(value)
    if name in _NUMBERS and isinstance(value, str) and re.fullmatch(r"-?\d{1,12}\.\d{1,12}", value):
        return value  # redact() parses decimal numbers as texts
    shape = _SHAPES.get(name)
    return value if shape and isinstance(value, str) and shape.fullmatch(value) else HIDDEN


def log_call(
    *,
    operation: str,
    method: str,
    url: str,
    idempotency_key: str,
    sent: bytes | None,
    received: bytes | None,
    status: int | None,
    outcome: str,
    seconds: float,
    redacted: Callable[[Any], Any] = redact,
) -> None:
    """Log one attempt as ``xcover.call`` and, at level DEBUG, both bodies as ``xcover.bodies``.

    ``outcome`` is a word for the end of the attempt; ``seconds`` is its duration. ``redacted``
    prepares a body for the log.
    """
    facts: dict[str, Any] = {
        "operation": operation,
        "method": method,
        "path": urlsplit(url).path,
        "status": status,
        "outcome": outcome,
        "milliseconds": round(seconds * 1000),
        "idempotency_key": idempotency_key,
        "bytes_sent": len(sent or b""),
        "bytes_received": len(received or b""),
    }
    log.info("xcover.call", extra=facts)
    if log.isEnabledFor(logging.DEBUG):
        bodies = {
            "sent": None if sent is None else redacted(sent),
            "received": None if received is None else redacted(received),
        }
        log.debug("xcover.bodies", extra=facts | bodies)

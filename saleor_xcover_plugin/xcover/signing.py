"""Sign requests to XCover, and verify the signature of its webhooks.

The signature is an HMAC over ``date: <Date header>``, Base64-encoded and percent-encoded. Every
request, and so every retry, needs a new one. Sources:
https://partner-docs.covergenius.com/offers/api/authentication and
https://partner-docs.covergenius.com/offers/api/webhooks
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum
from urllib.parse import quote, unquote

ALGORITHMS = {
    "hmac-sha256": hashlib.sha256,
    "hmac-sha384": hashlib.sha384,
    "hmac-sha512": hashlib.sha512,
}
"""Accepted algorithms; SHA-1, which XCover has deprecated, is refused."""

CLOCK_WINDOW = timedelta(minutes=5)
"""Largest difference between a webhook's Date and now; our own choice, as XCover names none."""

_MAX_DATE_LENGTH = 64
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class SignatureVerdict(StrEnum):
    """The result of verifying a webhook's signature."""

    GOOD = "good"
    MISSING = "missing"
    """There is no signature or no Date header."""
    UNKNOWN_KEY = "unknown_key"
    ALGORITHM_REFUSED = "algorithm_refused"
    """The algorithm, or a header that the signature covers, is not accepted."""
    CLOCK = "clock"
    """The signature does not cover Date, or Date is outside ``CLOCK_WINDOW``."""
    FORGED = "forged"
    """The signature does not match."""


def http_date(now: datetime) -> str:
    """Format an aware time for the Date header: UTC, English names, two-digit day."""
    return format_datetime(now.astimezone(UTC), usegmt=True)


def read_http_date(text: str) -> datetime | None:
    """Return the time in a Date header as an aware datetime, or None if it cannot be read.

    A time without offset is taken as UTC. The length is limited, because the parser of the standard
    library accepts any number of digits and then fails in several ways.
    """
    if len(text) > _MAX_DATE_LENGTH or not text.isascii():
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def signature(
    secret: str,
    date: str,
    *,
    algorithm: str = "hmac-sha512",
    headers: Sequence[str] = ("date",),
    method: str = "",
    path: str = "",
) -> str:
    """Return the percent-encoded Base64 signature over the named headers.

    ``date`` is the value of the Date header; ``method`` and ``path`` matter only if ``headers``
    holds ``(request-target)``. Raise ``KeyError`` for an unknown algorithm or header.
    """
    lines = {
        "date": f"date: {date}",
        "(request-target)": f"(request-target): {method.lower()} {path.partition('?')[0]}",
    }
    text = "\n".join(lines[name] for name in headers)
    digest = hmac.new(secret.encode(), text.encode(), ALGORITHMS[algorithm]).digest()
    return quote(base64.b64encode(digest).decode(), safe="")


def sign(
    api_key: str,
    api_secret: str,
    now: datetime,
    *,
    algorithm: str = "hmac-sha512",
    headers: Sequence[str] = ("date",),
    method: str = "",
    path: str = "",
) -> dict[str, str]:
    """Return the headers that authenticate one attempt.

    ``now`` is an aware time. Raise ``KeyError`` for an unknown algorithm or header.
    """
    date = http_date(now)
    value = signature(
        api_secret, date, algorithm=algorithm, headers=headers, method=method, path=path
    )
    named = "" if tuple(headers) == ("date",) else f',headers="{" ".join(headers)}"'
    return {
        "Authorization": (
            f'Signature keyId="{api_key}",algorithm="{algorithm}"{named},signature="{value}"'
        ),
        "Date": date,
        "X-Api-Key": api_key,
    }


def verify(
    headers: Mapping[str, str],
    secrets: Mapping[str, str],
    now: datetime,
    *,
    method: str = "POST",
    path: str = "",
) -> SignatureVerdict:
    """Verify the signature of a webhook.

    ``secrets`` holds the accepted secrets by key id; ``method`` and ``path`` are those of the
    request. The signature does not cover the body.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    scheme, _, rest = lower.get("authorization", "").partition(" ")
    parts = dict(_PARAMETER.findall(rest))
    if scheme.lower() != "signature" or "signature" not in parts or "date" not in lower:
        return SignatureVerdict.MISSING
    secret = secrets.get(parts.get("keyId", ""))
    if not secret:  # anyone could sign with an empty secret
        return SignatureVerdict.UNKNOWN_KEY
    algorithm, signed = parts.get("algorithm", ""), parts.get("headers", "date").split()
    if algorithm not in ALGORITHMS or not set(signed) <= {"date", "(request-target)"}:
        return SignatureVerdict.ALGORITHM_REFUSED
    if "date" not in signed or not _is_recent(lower["date"], now):
        return SignatureVerdict.CLOCK
    wanted = signature(
        secret, lower["date"], algorithm=algorithm, headers=signed, method=method, path=path
    )
    is_equal = hmac.compare_digest(unquote(wanted).encode(), unquote(parts["signature"]).encode())
    return SignatureVerdict.GOOD if is_equal else SignatureVerdict.FORGED


def _is_recent(text: str, now: datetime) -> bool:
    sent = read_http_date(text)
    return sent is not None and abs(now - sent) <= CLOCK_WINDOW

"""XCover's request signature, and checking the one on its webhooks.

XCover partner docs, Authentication: HMAC over ``date: <Date header>``, Base64, percent-encoded; a
new signature for every request, so also for every retry.
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
"""Accepted hashes; SHA-1 is deprecated by XCover and refused here."""

CLOCK_WINDOW = timedelta(minutes=5)
"""Our own choice for inbound signatures; XCover names none."""

_MAX_DATE_LENGTH = 64
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class SignatureVerdict(StrEnum):
    """What became of checking an inbound signature."""

    GOOD = "good"
    MISSING = "missing"
    UNKNOWN_KEY = "unknown_key"
    ALGORITHM_REFUSED = "algorithm_refused"
    CLOCK = "clock"
    FORGED = "forged"


def http_date(now: datetime) -> str:
    """Format ``now`` as the Date header wants it: UTC, English names, two-digit day."""
    return format_datetime(now.astimezone(UTC), usegmt=True)


def read_http_date(text: str) -> datetime | None:
    """Return the moment a Date header names, in UTC where it names no offset; None for rubbish.

    The parser of the standard library takes any number of digits of any script and then fails in
    several ways.
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
    """Return the percent-encoded Base64 signature over the named headers."""
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
    """Return the headers that authenticate one attempt."""
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
    """Check an inbound signature against our keys (key id to secret; several while rotating)."""
    lower = {name.lower(): value for name, value in headers.items()}
    scheme, _, rest = lower.get("authorization", "").partition(" ")
    parts = dict(_PARAMETER.findall(rest))
    if scheme.lower() != "signature" or "signature" not in parts or "date" not in lower:
        return SignatureVerdict.MISSING
    secret = secrets.get(parts.get("keyId", ""))
    if not secret:  # an empty one would let anybody sign
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

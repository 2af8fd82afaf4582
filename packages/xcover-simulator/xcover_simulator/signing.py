"""Signatures of requests and webhooks.

Sources: https://partner-docs.covergenius.com/offers/api/authentication and
https://partner-docs.covergenius.com/offers/api/webhooks
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote, unquote

# Documented. SHA-1 is deprecated by the documentation and refused by the simulator.
_HASHES = {
    "hmac-sha256": hashlib.sha256,
    "hmac-sha384": hashlib.sha384,
    "hmac-sha512": hashlib.sha512,
}
_PART = re.compile(r'(\w+)="([^"]*)"')
_AUTHORIZATION = re.compile(r'^Signature \w+="[^"]*"(?:, ?\w+="[^"]*")*$')
# Base64 is sent percent-encoded, so "+", "/" and "=" never appear raw.
_ENCODED = re.compile(r"^(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+$")


class BadSignature(Exception):
    """A request is not signed as XCover requires. The message names the defect."""


def sign(secret: str, text: str, algorithm: str) -> str:
    """Return the percent-encoded Base64 HMAC of ``text``.

    ``algorithm`` is ``hmac-sha256``, ``hmac-sha384`` or ``hmac-sha512``; any other raises KeyError.
    """
    digest = hmac.new(secret.encode(), text.encode(), _HASHES[algorithm]).digest()
    return quote(base64.b64encode(digest).decode(), safe="")


def signed_headers(key: str, secret: str, now: datetime) -> dict[str, str]:
    """Return the headers of a webhook, signed with SHA-256 over ``date`` only (documented)."""
    date = format_datetime(now.astimezone(UTC), usegmt=True)
    signature = sign(secret, f"date: {date}", "hmac-sha256")
    authorization = f'Signature keyId="{key}",algorithm="hmac-sha256",signature="{signature}"'
    return {"Authorization": authorization, "Date": date, "X-Api-Key": key}


def verify(
    headers: Mapping[str, str],
    *,
    method: str,
    path: str,
    key: str,
    secret: str,
    now: datetime,
    tolerance: timedelta | None,
) -> None:
    """Raise BadSignature unless ``headers`` sign this request with ``secret``.

    ``headers`` is read by lower-case names. ``path`` excludes the query string. The signature
    covers the Date header alone unless the Authorization header has a ``headers`` parameter.
    ``tolerance`` is the largest accepted difference between Date and ``now``; None accepts any.
    """
    authorization = headers.get("authorization", "")
    if not _AUTHORIZATION.match(authorization):
        raise BadSignature("Authorization is not a Signature header")
    parts = dict(_PART.findall(authorization))
    algorithm = parts.get("algorithm", "")
    if algorithm not in _HASHES:
        raise BadSignature(f"algorithm {algorithm!r} is not accepted")
    if parts.get("keyId") != key or headers.get("x-api-key", key) != key:
        raise BadSignature("unknown API key")
    date = _parse_date(headers.get("date", ""))
    if tolerance is not None and abs(now - date) > tolerance:
        raise BadSignature("Date is too far from the server's clock")
    text = _signed_text(parts.get("headers", "date").split(), headers, method, path)
    expected = base64.b64decode(unquote(sign(secret, text, algorithm)))
    if not hmac.compare_digest(_decoded(parts.get("signature", "")), expected):
        raise BadSignature("signature does not match")


def _signed_text(names: list[str], headers: Mapping[str, str], method: str, path: str) -> str:
    if "date" not in names:
        raise BadSignature("the Date header must be signed")
    lines = []
    for name in names:
        if name == "(request-target)":
            lines.append(f"{name}: {method.lower()} {path}")
        elif name in headers:
            lines.append(f"{name}: {headers[name]}")
        else:
            raise BadSignature(f"signed header {name!r} is missing")
    return "\n".join(lines)


def _parse_date(text: str) -> datetime:
    try:
        date = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    except ValueError:
        raise BadSignature("Date is not '%a, %d %b %Y %H:%M:%S GMT'") from None
    if format_datetime(date, usegmt=True) != text:
        raise BadSignature("Date is not written with English names and a two-digit day")
    return date


def _decoded(signature: str) -> bytes:
    if not _ENCODED.match(signature):
        raise BadSignature("signature is not percent-encoded")
    try:
        return base64.b64decode(unquote(signature), validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature("signature is not standard Base64") from None

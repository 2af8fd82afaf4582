"""Encryption and keyed hashes from Django's SECRET_KEY, rotating with SECRET_KEY_FALLBACKS.

Saleor stores plugin configuration in clear text, so secrets are sealed before they are saved; the
body of an unsettled outbox message holds personal data and is sealed too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from .domain.confidential import ConfidentialBytes

SEAL_MARK = "xcover-sealed:"


class SealBroken(Exception):
    """The text was sealed with a key that is no longer in SECRET_KEY or SECRET_KEY_FALLBACKS."""


def encrypt(data: bytes) -> bytes:
    return _fernet().encrypt(data)


def decrypt(token: bytes) -> bytes:
    """Open what ``encrypt`` closed. Raise ``SealBroken`` when no known key fits."""
    try:
        return ConfidentialBytes(_fernet().decrypt(token))
    except InvalidToken as error:
        raise SealBroken("the key that sealed this is not among SECRET_KEY_FALLBACKS") from error


def seal(text: str) -> str:
    """Encrypt a setting and mark it, so that it is never encrypted twice. Empty stays empty."""
    if not text or text.startswith(SEAL_MARK):
        return text
    return SEAL_MARK + encrypt(text.encode()).decode()


def unseal(text: str) -> str:
    """Return the setting in clear; a text without the mark is returned as it is."""
    if not text.startswith(SEAL_MARK):
        return text
    return decrypt(text.removeprefix(SEAL_MARK).encode()).decode()


def keyed_digest(text: str) -> str:
    """Return a keyed hash that tells equal values apart from different ones, and no more."""
    return keyed_digests(text)[0]


def keyed_digests(text: str) -> tuple[str, ...]:
    """Return the hash of ``keyed_digest`` by each known key, the present one first."""
    return tuple(
        hmac.new(_key(key, "digest"), text.encode(), hashlib.sha256).hexdigest()
        for key in _known_keys()
    )


def _known_keys() -> list[str]:
    return [settings.SECRET_KEY, *getattr(settings, "SECRET_KEY_FALLBACKS", [])]


def _fernet() -> MultiFernet:
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(_key(key, "seal"))) for key in _known_keys()]
    )


def _key(secret: str, purpose: str) -> bytes:
    return hmac.new(
        str(secret).encode(), f"saleor_xcover_plugin:{purpose}".encode(), hashlib.sha256
    ).digest()

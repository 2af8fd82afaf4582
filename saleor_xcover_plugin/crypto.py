"""Encryption and keyed hashes with keys derived from Django's ``SECRET_KEY``.

New data is encrypted with ``SECRET_KEY``; data encrypted with a key in ``SECRET_KEY_FALLBACKS`` can
still be read.

Saleor stores plugin configuration in clear text, so secrets are sealed before they are saved. The
body of an unsettled outbox message holds personal data and is encrypted too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from .domain.confidential import ConfidentialBytes

SEAL_MARK = "xcover-sealed:"
"""Prefix of a setting that is stored encrypted."""


class SealBroken(Exception):
    """The data was encrypted with a key that is not in SECRET_KEY or SECRET_KEY_FALLBACKS."""


def encrypt(data: bytes) -> bytes:
    """Encrypt data with the key derived from ``SECRET_KEY``."""
    return _fernet().encrypt(data)


def decrypt(token: bytes) -> bytes:
    """Decrypt what ``encrypt`` returned. Raise ``SealBroken`` if no known key fits."""
    try:
        return ConfidentialBytes(_fernet().decrypt(token))
    except InvalidToken as error:
        raise SealBroken("the key that sealed this is not among SECRET_KEY_FALLBACKS") from error


def seal(text: str) -> str:
    """Encrypt a setting and prefix it with ``SEAL_MARK``.

    An empty or already sealed text is returned as it is.
    """
    if not text or text.startswith(SEAL_MARK):
        return text
    return SEAL_MARK + encrypt(text.encode()).decode()


def unseal(text: str) -> str:
    """Decrypt a sealed setting; return a text without ``SEAL_MARK`` as it is.

    Raise ``SealBroken`` if no known key fits.
    """
    if not text.startswith(SEAL_MARK):
        return text
    return _unsealed(text.removeprefix(SEAL_MARK), tuple(_known_keys()))


@lru_cache(maxsize=256)
def _unsealed(token: str, _keys: tuple[str, ...]) -> str:
    """Decrypt a setting once per process, because every hook reads the settings."""
    return decrypt(token.encode()).decode()


def keyed_digest(text: str) -> str:
    """Return a keyed SHA-256 hash, by which two values can only be compared for equality."""
    return keyed_digests(text)[0]


def keyed_digests(text: str) -> tuple[str, ...]:
    """Return the hash of ``keyed_digest`` for each known key, the current one first."""
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

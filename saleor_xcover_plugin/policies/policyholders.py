"""Detect changes of the buyer's details without storing them, by one keyed hash per field."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields

from ..crypto import keyed_digest, keyed_digests
from ..domain.tickets import Policyholder
from ..xcover.bookings import Booking

Digests = Mapping[str, str]
"""Names of ``Policyholder`` fields, each with the keyed hash of its value."""

_NAMES = tuple(field.name for field in fields(Policyholder))
_KEY = "key"
"""Entry beside the fields: the hash of a fixed text, which identifies the SECRET_KEY used."""


def digests_of(holder: Policyholder) -> dict[str, str]:
    """Return the hashes of all fields under the present SECRET_KEY, and the hash of the key."""
    found = {name: _digest(name, getattr(holder, name)) for name in _NAMES}
    return {**found, _KEY: keyed_digest(_KEY)}


def changes(known: Digests, holder: Policyholder) -> dict[str, str]:
    """Return the hashes of the fields that differ from ``known`` or are missing there."""
    present = digests_of(holder)
    return {name: present[name] for name in _NAMES if known.get(name) != present[name]}


def is_as_wanted(holder: Policyholder, wanted: Digests) -> bool:
    """Return True if every field in ``wanted`` has the wanted value."""
    present = digests_of(holder)
    return all(present.get(name) == digest for name, digest in wanted.items())


def summary_of(digests: Digests) -> str:
    """Return one hash of all hashes, the same for the same fields and values."""
    text = " ".join(f"{name}={digests[name]}" for name in sorted(digests))
    return hashlib.sha256(text.encode()).hexdigest()


def under_present_key(known: Digests, holder: Policyholder) -> dict[str, str] | None:
    """Return the hashes remade under the present SECRET_KEY; None if their key is gone.

    The key is gone when it is neither SECRET_KEY nor in SECRET_KEY_FALLBACKS. A field that changed
    meanwhile is left out, so that it still counts as changed.
    """
    if known.get(_KEY) == keyed_digest(_KEY):
        return dict(known)
    if known.get(_KEY) not in keyed_digests(_KEY):
        return None
    unchanged = [
        name
        for name in _NAMES
        if known.get(name) in keyed_digests(f"{name}:{getattr(holder, name)}")
    ]
    present = digests_of(holder)
    return {name: present[name] for name in (*unchanged, _KEY)}


def shows_all(booking: Booking, wanted: Digests) -> bool:
    """Return True if the booking shows every wanted value."""
    shown = booking.policyholder
    return all(_digest(name, shown.get(name, "")) == digest for name, digest in wanted.items())


def is_contradicted(booking: Booking, wanted: Digests) -> bool:
    """Return True if the booking shows another value for a wanted field.

    A field that the booking does not show contradicts nothing.
    """
    shown = booking.policyholder
    return any(name in shown and _digest(name, shown[name]) != wanted[name] for name in wanted)


def _digest(name: str, value: str) -> str:
    return keyed_digest(f"{name}:{value}")

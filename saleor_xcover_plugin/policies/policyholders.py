"""See which of the buyer's details changed without keeping them: one keyed hash per field."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields

from ..crypto import keyed_digest, keyed_digests
from ..domain.tickets import Policyholder
from ..xcover.answers import Booking

Digests = Mapping[str, str]
"""Field of the policyholder to the keyed hash of its value."""

_NAMES = tuple(field.name for field in fields(Policyholder))
_KEY = "key"
"""Beside the fields: a hash of a fixed text, which tells whether the key is still known."""


def digests_of(holder: Policyholder) -> dict[str, str]:
    found = {name: _digest(name, getattr(holder, name)) for name in _NAMES}
    return {**found, _KEY: keyed_digest(_KEY)}


def changes(known: Digests, holder: Policyholder) -> dict[str, str]:
    """Return the hashes of the fields XCover is not known to hold as they are now."""
    present = digests_of(holder)
    return {name: present[name] for name in _NAMES if known.get(name) != present[name]}


def is_as_wanted(holder: Policyholder, wanted: Digests) -> bool:
    present = digests_of(holder)
    return all(present.get(name) == digest for name, digest in wanted.items())


def summary_of(digests: Digests) -> str:
    """Return one hash for all, the same for the same fields and values."""
    text = " ".join(f"{name}={digests[name]}" for name in sorted(digests))
    return hashlib.sha256(text.encode()).hexdigest()


def under_present_key(known: Digests, holder: Policyholder) -> dict[str, str] | None:
    """Carry hashes over to the present SECRET_KEY; None when the key that made them is gone.

    A field that changed meanwhile is left out, so it still counts as changed.
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


def is_held(booking: Booking, wanted: Digests) -> bool:
    """Whether XCover shows every wanted value."""
    held = booking.policyholder
    return all(_digest(name, held.get(name, "")) == digest for name, digest in wanted.items())


def is_contradicted(booking: Booking, wanted: Digests) -> bool:
    """Whether XCover shows another value than the wanted one; what it does not show is no other."""
    held = booking.policyholder
    return any(name in held and _digest(name, held[name]) != wanted[name] for name in wanted)


def _digest(name: str, value: str) -> str:
    return keyed_digest(f"{name}:{value}")

"""Identifiers in the shapes that XCover uses. Clients must treat them as opaque."""

import random
import string
import uuid

_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_MIXED = string.ascii_letters + string.digits


class Ids:
    """Generator of identifiers. Pass a seeded ``random.Random`` to repeat a run."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._random = source or random.Random()

    def uuid(self) -> str:
        """Return an id for an offer, a quote or an error."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def booking(self) -> str:
        """Return a booking id, such as ``SIMAB-CDEFG-INS``.

        The shape is recorded; the prefix SIM marks the booking as simulated.
        """
        return f"SIM{self._text(_UPPER, 2)}-{self._text(_UPPER, 5)}-INS"

    def cancellation(self) -> str:
        """Return the id of a cancellation preview."""
        return f"{self._groups(_MIXED, 3)}-CCL"

    def update(self) -> str:
        """Return the id of a modification preview."""
        return f"{self._groups(_MIXED, 3)}-UPD"

    def token(self) -> str:
        """Return a security token. In the real API it opens the policy without a login."""
        return self._groups(_UPPER, 4)

    def _groups(self, alphabet: str, count: int) -> str:
        return "-".join(self._text(alphabet, 5) for _ in range(count))

    def _text(self, alphabet: str, length: int) -> str:
        return "".join(self._random.choices(alphabet, k=length))

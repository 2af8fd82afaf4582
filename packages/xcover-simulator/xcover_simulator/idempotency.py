"""Responses stored by idempotency key.

Source: https://docs.covergenius.com/xcover/idempotency-keys
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .operation import OperationResponse
from .refusals import field_errors, locked

KEPT_FOR = timedelta(hours=48)
"""Time a response is stored (documented)."""

# Partner, path below the base, key. The base path is left out because both bases are one API.
Slot = tuple[str, str, str]


@dataclass(slots=True)
class _Entry:
    body: Any
    since: datetime
    response: OperationResponse | None = None


class KeptResponses:
    """The first response to each partner, path and key, kept for 48 hours.

    Documented: the same key and body give 409 with the stored response, or 423 while the first
    call is running. Inferred: another body gives 422; every write honours the key; refusals are
    not stored, so a call may be repeated with its key until it succeeds.
    """

    def __init__(self) -> None:
        self._entries: dict[Slot, _Entry] = {}

    def earlier(self, slot: Slot, body: Any, now: datetime) -> OperationResponse | None:
        """Return the 409 response for a repeated call, or None for a new one.

        Raises the 423 refusal while the first call is running, and the 422 refusal when the key
        was used with another body.
        """
        entry = self._entries.get(slot)
        if entry is None or now - entry.since > KEPT_FOR:
            return None
        if entry.body != body:
            sentence = "This idempotency key was used with another request body"
            raise field_errors({"x-idempotency-key": [sentence]})
        if entry.response is None:
            raise locked()
        return OperationResponse(409, entry.response.body)

    def reserve(self, slot: Slot, body: Any, now: datetime) -> None:
        """Mark the call of ``slot`` as running."""
        self._entries[slot] = _Entry(body, now)

    def keep(self, slot: Slot, response: OperationResponse) -> None:
        """Store the response of the call that ran."""
        if slot in self._entries:
            self._entries[slot].response = response

    def release(self, slot: Slot) -> None:
        """Remove a call that was refused, so that its key can be used again."""
        self._entries.pop(slot, None)

"""Answers kept by idempotency key (XCover docs, Idempotency keys)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .operation import Answer
from .refusals import field_errors, locked

KEPT_FOR = timedelta(hours=48)

# Partner, path below the base, key. The base is left out: both bases are one API.
Slot = tuple[str, str, str]


@dataclass(slots=True)
class _Entry:
    body: Any
    since: datetime
    answer: Answer | None = None


class KeptAnswers:
    """The first answer to each (partner, path, key), for 48 hours.

    Documented: same key and body gives 409 with the stored answer, 423 while the
    first call runs. Inferred: another body gives 422; every write honours the key;
    refusals are not kept, so a call may be repeated with its key until it succeeds.
    """

    def __init__(self) -> None:
        self._entries: dict[Slot, _Entry] = {}

    def earlier(self, slot: Slot, body: Any, now: datetime) -> Answer | None:
        """Return the 409 for a repeated call, None for a new one, or raise the refusal."""
        entry = self._entries.get(slot)
        if entry is None or now - entry.since > KEPT_FOR:
            return None
        if entry.body != body:
            sentence = "This idempotency key was used with another request body"
            raise field_errors({"x-idempotency-key": [sentence]})
        if entry.answer is None:
            raise locked()
        return Answer(409, entry.answer.body)

    def reserve(self, slot: Slot, body: Any, now: datetime) -> None:
        """Mark the call as running."""
        self._entries[slot] = _Entry(body, now)

    def keep(self, slot: Slot, answer: Answer) -> None:
        """Store the answer of the call that ran."""
        if slot in self._entries:
            self._entries[slot].answer = answer

    def release(self, slot: Slot) -> None:
        """Forget a call that was refused."""
        self._entries.pop(slot, None)

"""A row with a status that only the closed tables may change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from ..domain.states import Status, check_transition


def choices(states: Any) -> list[tuple[str, str]]:
    return [(state.value, state.value) for state in states]


class Stateful(models.Model):
    """A row whose ``status`` changes only as the table in ``domain/states.py`` allows."""

    _status_type: Any

    class Meta:
        abstract = True

    @property
    def state(self) -> Any:
        return self._status_type(self.status)  # type: ignore[attr-defined]

    def transition_to(self, wanted: Status, now: datetime, **changes: Any) -> None:
        """Change the status and other columns in one write.

        The caller holds the row's lock. Raise ``TransitionRefused`` if the table forbids it.
        """
        check_transition(self.state, wanted)
        self.save_fields(now, status=wanted.value, **changes)

    def save_fields(self, now: datetime, **changes: Any) -> None:
        """Save only the named columns."""
        changes["updated_at"] = now
        for name, value in changes.items():
            setattr(self, name, value)
        self.save(update_fields=list(changes))

"""Base class of the models that have a status."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from ..domain.states import Status, check_transition


def choices(states: Any) -> list[tuple[str, str]]:
    """Return the members of an enum as ``choices`` of a Django field."""
    return [(state.value, state.value) for state in states]


class Stateful(models.Model):
    """A row whose ``status`` changes only as the table in ``domain/states.py`` allows.

    Subclasses set ``_status_type`` to their enum and have the columns ``status`` and
    ``updated_at``.
    """

    _status_type: Any

    class Meta:
        abstract = True

    @property
    def state(self) -> Any:
        """The status as a member of its enum."""
        return self._status_type(self.status)  # type: ignore[attr-defined]

    def transition_to(self, wanted: Status, now: datetime, **changes: Any) -> None:
        """Change the status and other columns in one write.

        The caller must hold the row's lock. Raise ``TransitionRefused`` if the table forbids the
        transition.
        """
        check_transition(self.state, wanted)
        self.save_fields(now, status=wanted.value, **changes)

    def save_fields(self, now: datetime, **changes: Any) -> None:
        """Set and save the named columns, and ``updated_at`` to ``now``."""
        changes["updated_at"] = now
        for name, value in changes.items():
            setattr(self, name, value)
        self.save(update_fields=list(changes))

"""Have one run or command at a time decide what becomes of a policy because of its events.

Runs are those of the desk, commands are ``xcover_event`` in a terminal. Two of them meet if they
have a ticket or a policy in common: one policy may insure tickets of several events. Commands do
not keep each other out, so that one that was killed can be begun again at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from ..clock import Clock
from ..domain.states import OPEN_EVENT_RUN_STATUSES, EventRunStatus
from ..models import EventCommand, EventRun, Installation
from .decisions import DecisionCode, DecisionRefused

ALIVE = timedelta(minutes=5)
"""Time for which a command counts without a sign of life."""


def claim(variants: Collection[str], covers: Collection[int], now: datetime) -> None:
    """Raise ``DecisionRefused`` while a run or a command works on one of the variants or covers.

    None can begin before the caller's transaction ends.
    """
    _lock()
    require_no_run(variants, covers)
    _require_no_command(variants, covers, now)


class CommandAtWork:
    """A command that works on the policies of an event, and keeps runs of the desk away."""

    def __init__(
        self, variants: Sequence[str], covers: Sequence[int], label: str, clock: Clock
    ) -> None:
        """Record the command. Raise ``DecisionRefused`` while a run meets it."""
        self._clock = clock
        now = clock()
        with transaction.atomic():
            _lock()
            require_no_run(variants, covers)
            _dead(now).delete()
            self._row = EventCommand.objects.create(
                variants=list(variants),
                covers=list(covers),
                label=label,
                alive_until=now + ALIVE,
                created_at=now,
            )

    def go_on(self) -> None:
        """Give a sign of life; to be called at least every two minutes while it works.

        Raise ``DecisionRefused`` if there was none for so long that a run has begun meanwhile.
        """
        now = self._clock()
        if now < self._row.alive_until - ALIVE / 2:
            return
        with transaction.atomic():
            _lock()
            if now >= self._row.alive_until:
                require_no_run(self._row.variants, self._row.covers)
            self._row.alive_until = now + ALIVE
            self._row.save()

    def end(self) -> None:
        """Let runs begin again."""
        EventCommand.objects.filter(pk=self._row.pk).delete()


@contextmanager
def command_at_work(
    variants: Sequence[str], covers: Sequence[int], label: str, clock: Clock
) -> Iterator[CommandAtWork]:
    """Keep runs of the desk away from an event while a command works on it.

    Raise ``DecisionRefused`` while such a run is open.
    """
    command = CommandAtWork(variants, covers, label, clock)
    try:
        yield command
    finally:
        command.end()


def _lock() -> None:
    """Lock the one row of the installation until the caller's transaction ends."""
    list(Installation.objects.select_for_update().filter(pk=1))


def open_runs_of(covers: Collection[int]) -> dict[int, str]:
    """Return the label of the open run that works on each of these covers, if one does."""
    wanted = set(covers)
    return {cover: run.label for run in _open_runs() for cover in wanted.intersection(run.covers)}


def _open_runs() -> QuerySet[EventRun]:
    return EventRun.objects.filter(status__in=[s.value for s in OPEN_EVENT_RUN_STATUSES])


def require_no_run(variants: Collection[str], covers: Collection[int]) -> None:
    """Raise ``DecisionRefused`` while a run of the desk works on one of the variants or covers."""
    for run in _open_runs():
        if _meet(run, variants, covers):
            what_now = (
                "Approve it or take it back first."
                if run.status == EventRunStatus.ASKED
                else "Wait until it has ended."
            )
            raise DecisionRefused(
                DecisionCode.UNDER_WAY,
                f"A run of the desk works on policies of this event: {_named(run)}. {what_now}",
            )


def _require_no_command(variants: Collection[str], covers: Collection[int], now: datetime) -> None:
    _dead(now).delete()
    for command in EventCommand.objects.all():
        if _meet(command, variants, covers):
            raise DecisionRefused(
                DecisionCode.UNDER_WAY,
                f"xcover_event works on policies of this event in a terminal: {_named(command)}. "
                "Wait until it has ended; if it was killed, until "
                f"{command.alive_until:%H:%M} UTC.",
            )


def _dead(now: datetime) -> QuerySet[EventCommand]:
    """Return the commands that gave no sign of life for so long that they do not count."""
    return EventCommand.objects.filter(alive_until__lte=now)


def _meet(
    work: EventRun | EventCommand, variants: Collection[str], covers: Collection[int]
) -> bool:
    return bool(set(work.variants).intersection(variants) or set(work.covers).intersection(covers))


def _named(work: EventRun | EventCommand) -> str:
    return f"{work.label}, begun on {work.created_at:%Y-%m-%d at %H:%M} UTC"

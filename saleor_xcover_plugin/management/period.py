"""Options that name the period of a report: whole UTC days, both ends inclusive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ..domain.period import Period
from .channels import BAD_ARGUMENTS, add_channels, chosen_channels


def add_period(parser: CommandParser, *, days: int | None) -> None:
    """Add ``--from``, ``--to`` and ``--channel``. ``days`` is the default length, for the help."""
    day = "YYYY-MM-DD"
    usual = f" (default: {days} days in all)" if days else ""
    parser.add_argument("--from", dest="first", metavar=day, help=f"first day, UTC{usual}")
    parser.add_argument("--to", dest="last", metavar=day, help="last day, UTC, inclusive")
    add_channels(parser)


def read_period(
    options: Mapping[str, Any], now: datetime, *, days: int, most_days: int | None = None
) -> Period:
    """Return the period the options name; by default it ends today and is ``days`` long.

    Raise ``CommandError`` with ``BAD_ARGUMENTS`` if a day or channel is invalid, the first day is
    after the last, or the period is longer than ``most_days``.
    """
    last = _day(options["last"]) if options["last"] else now.date()
    try:
        first = _day(options["first"]) if options["first"] else last - timedelta(days=days - 1)
        end = _midnight(last + timedelta(days=1))
    except OverflowError:
        raise _refusal("--to is a day no calendar reaches.") from None
    if first > last:
        raise _refusal("--from is after --to.")
    if most_days and (last - first).days >= most_days:
        raise _refusal(f"The period has more than {most_days} days.")
    chosen = options["channel"]
    channel_ids = list(chosen_channels(chosen).values()) if chosen else []
    return Period(_midnight(first), end, channel_ids)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _refusal(f"Not a day: {text}. Write it as 2026-11-01.") from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _refusal(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=BAD_ARGUMENTS)

"""A period of whole UTC days, in all channels or in some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """The period of a report or comparison, and its channels. Times are in UTC."""

    start: datetime
    end: datetime
    """Exclusive."""
    channel_ids: Sequence[int] = ()
    """Keys of the channels; empty: all."""

    @property
    def first(self) -> date:
        """The first day."""
        return self.start.date()

    @property
    def last(self) -> date:
        """The last day, inclusive."""
        return (self.end - timedelta(microseconds=1)).date()

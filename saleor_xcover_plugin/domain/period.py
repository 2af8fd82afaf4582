"""A period of whole UTC days, in all channels or in some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """What happened from ``start`` until before ``end``, in all channels or in some."""

    start: datetime
    end: datetime
    channel_ids: Sequence[int] = ()

    @property
    def first(self) -> date:
        return self.start.date()

    @property
    def last(self) -> date:
        """The last day, inclusive."""
        return (self.end - timedelta(microseconds=1)).date()

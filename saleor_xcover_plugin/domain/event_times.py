"""Read times of events as stores write them: with an offset, in a time zone, or as whole days."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""The window of accepted times, ``LATEST`` excluded; any other time is a mistake."""

_LONGEST = 64
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_NO_PLACES = re.compile(r"(right|posix)/.*|localtime|posixrules|Factory")
"""Names in some systems' databases that are no places: with leap seconds, or the server's own."""
_TIME = re.compile(r"[0-9W-]+[Tt ].+")
_FARTHEST = timedelta(hours=14)
"""The largest offset from UTC in use. PostgreSQL accepts none of 16 hours or more."""
_LAST_SECOND = time(23, 59, 59)


def read_zone(text: str) -> ZoneInfo | None:
    """Return the time zone with a name of the IANA database, such as Europe/Berlin, or None."""
    if len(text) > _LONGEST or not _ZONE.fullmatch(text) or _NO_PLACES.fullmatch(text):
        return None
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None  # unknown, not a zone, or a folder of the database such as "US"


def read_moment(text: str, zone: tzinfo | None, *, is_end: bool = False) -> datetime | None:
    """Return the aware time that an ISO 8601 text names, or None if it names none in the window.

    A time without offset is local time in ``zone``. A date alone is its first second in ``zone``,
    or its last if ``is_end``.
    """
    if len(text) > _LONGEST:
        return None
    try:
        moment = _day_or_time(text, is_end=is_end)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment if is_believed(moment) else None


def stored_moment(text: object) -> datetime | None:
    """Return a time that the plugin stored itself, or None for anything else.

    Earlier versions stored times outside the window, which cannot be compared with others.
    """
    return read_moment(text, None) if isinstance(text, str) else None


def is_local(text: str) -> bool:
    """Return True if a text names a time without an offset."""
    if len(text) > _LONGEST:
        return False
    try:
        return _day_or_time(text, is_end=False).tzinfo is None
    except ValueError:
        return False


def is_believed(moment: datetime) -> bool:
    """Return True if a time has a possible offset and lies in the window."""
    offset = moment.utcoffset()
    if offset is None or abs(offset) > _FARTHEST or offset % timedelta(minutes=1):
        return False
    # Not converted to UTC first: near the ends of the calendar that overflows.
    return EARLIEST <= moment < LATEST


def _day_or_time(text: str, *, is_end: bool) -> datetime:
    """Read a date, in any form of ISO 8601 such as 20270710, or a time. Raise ``ValueError``."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        if not _TIME.fullmatch(text):  # Python takes any character between day and time
            raise
        return datetime.fromisoformat(text)
    return datetime.combine(day, _LAST_SECOND if is_end else time.min)

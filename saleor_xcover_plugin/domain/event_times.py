"""Times of events as stores write them: with an offset, in a time zone, or as whole days."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""The window in which a time is believed, the end not in it; any other is a slip of the pen."""

_LONGEST = 64
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_NO_PLACES = re.compile(r"(right|posix)/.*|localtime|posixrules|Factory")
"""Names in some systems' databases: with leap seconds, or whatever the server is set to."""
_TIME = re.compile(r"[0-9W-]+[Tt ].+")
_FARTHEST = timedelta(hours=14)
"""No place on earth is further from UTC, and PostgreSQL reads no offset from 16 hours on.

Nor is any off by a part of a minute since 1972.
"""
_LAST_SECOND = time(23, 59, 59)


def read_zone(text: str) -> ZoneInfo | None:
    """Return the time zone of a name of the IANA database, such as Europe/Berlin; else None."""
    if len(text) > _LONGEST or not _ZONE.fullmatch(text) or _NO_PLACES.fullmatch(text):
        return None
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None  # unknown, not a zone, or a folder of the database such as "US"


def read_moment(text: str, zone: tzinfo | None, *, is_end: bool = False) -> datetime | None:
    """Return the moment a text names, or None when it names none inside the window.

    ISO 8601. Without an offset it is local time in ``zone``. A date alone is a day where the event
    is: it starts with its first second and ends with its last.
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
    """Return a moment we wrote down ourselves; None for nothing, and for what was let in before.

    Versions before the window was checked kept times that cannot be compared with others.
    """
    return read_moment(text, None) if isinstance(text, str) else None


def is_local(text: str) -> bool:
    """Whether a text needs a time zone to name a moment."""
    if len(text) > _LONGEST:
        return False
    try:
        return _day_or_time(text, is_end=False).tzinfo is None
    except ValueError:
        return False


def is_believed(moment: datetime) -> bool:
    """Whether a moment has an offset there is on earth, and lies inside the window."""
    offset = moment.utcoffset()
    if offset is None or abs(offset) > _FARTHEST or offset % timedelta(minutes=1):
        return False
    # Compared as it is: near the ends of the calendar no moment can be converted to UTC.
    return EARLIEST <= moment < LATEST


def _day_or_time(text: str, *, is_end: bool) -> datetime:
    """Read a day, in any form of ISO 8601 such as 20270710, or a time. Raise ``ValueError``."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        if not _TIME.fullmatch(text):  # Python takes any character between day and time
            raise
        return datetime.fromisoformat(text)
    return datetime.combine(day, _LAST_SECOND if is_end else time.min)

"""Times of events as stores write them, to the second at both ends of everything."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from saleor_xcover_plugin.domain.event_times import (
    EARLIEST,
    LATEST,
    is_believed,
    is_local,
    read_moment,
    read_zone,
    stored_moment,
)

BERLIN = ZoneInfo("Europe/Berlin")
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Etc/GMT-14"]
)
def test_a_zone_of_the_iana_database_is_read(name):
    assert read_zone(name) == ZoneInfo(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "Berlin", "Europe/", "/Europe/Berlin", "Europe/Berlin ", "../Europe/Berlin", "US"),
        *("localtime", "posixrules", "Factory", "right/Europe/Berlin", "posix/Europe/Berlin"),
        *("Europe/Berlin\n", "Europe/Be.rlin", "A" * 65),
        "leapseconds",  # a file that lies beside the zones
    ],
)
def test_what_is_no_place_is_no_zone(name):
    assert read_zone(name) is None


@pytest.mark.parametrize(
    ("text", "is_end", "moment"),
    [
        ("2027-03-05T20:00", False, datetime(2027, 3, 5, 20, tzinfo=BERLIN)),
        ("2027-03-05t20:00", False, datetime(2027, 3, 5, 20, tzinfo=BERLIN)),
        ("2027-03-05 20:00", False, datetime(2027, 3, 5, 20, tzinfo=BERLIN)),
        ("20270305T200000Z", False, datetime(2027, 3, 5, 20, tzinfo=UTC)),
        ("2027-W09-5", False, datetime(2027, 3, 5, tzinfo=BERLIN)),
        ("2027-03-05", False, datetime(2027, 3, 5, 0, 0, 0, tzinfo=BERLIN)),
        ("2027-03-05", True, datetime(2027, 3, 5, 23, 59, 59, tzinfo=BERLIN)),
        ("2027-03-05T20:00", True, datetime(2027, 3, 5, 20, tzinfo=BERLIN)),
        ("2027-03-05x20:00", False, None),
        ("2027-02-30", False, None),
        ("next Friday", False, None),
        ("", False, None),
    ],
)
def test_a_text_names_a_moment_or_none(text, is_end, moment):
    assert read_moment(text, BERLIN, is_end=is_end) == moment


def test_a_day_begins_with_its_first_second_unless_it_is_an_end():
    assert read_moment("2027-03-05", BERLIN) == datetime(2027, 3, 5, tzinfo=BERLIN)


def test_a_text_longer_than_any_time_is_not_looked_at():
    longest, local = "2027-03-05T20:00:00." + "0" * 38 + "+01:00", "2027-03-05T20:00." + "0" * 47

    assert (len(longest), len(local)) == (64, 64)
    assert read_moment(longest, None) == datetime(2027, 3, 5, 20, tzinfo=BERLIN)
    assert read_moment(longest.replace("+", "0+"), None) is None
    assert (is_local(local), is_local(local + "0")) == (True, False)


@pytest.mark.parametrize(
    ("moment", "believed"),
    [
        (EARLIEST, True),
        (EARLIEST - SECOND, False),
        (LATEST - SECOND, True),
        (LATEST, False),
        (datetime.max.replace(tzinfo=UTC), False),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))), False),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), False),
        # The ends of the window are moments, whatever the clocks show where the event is.
        (datetime(1969, 12, 31, 14, tzinfo=timezone(timedelta(hours=-10))), True),
        (datetime(1969, 12, 31, 14, tzinfo=timezone(timedelta(hours=-9))), False),
        (datetime(2200, 1, 1, 13, 59, 59, tzinfo=timezone(timedelta(hours=14))), True),
        (datetime(2200, 1, 1, 13, 59, 59, tzinfo=timezone(timedelta(hours=13))), False),
        (datetime(2027, 3, 5, 20, tzinfo=timezone(timedelta(hours=5, minutes=45))), True),  # Nepal
        (datetime(2027, 3, 5, 20, tzinfo=timezone(timedelta(hours=14))), True),
        (datetime(2027, 3, 5, 20, tzinfo=timezone(timedelta(hours=-14))), True),
        (datetime(2027, 3, 5, 20, tzinfo=timezone(timedelta(hours=14, minutes=1))), False),
        (datetime(2027, 3, 5, 20, tzinfo=timezone(timedelta(hours=-14, minutes=-1))), False),
        (datetime(2027, 3, 5, 20), False),  # noqa: DTZ001
    ],
)
def test_a_moment_is_believed_inside_the_window_and_with_an_offset_of_this_earth(moment, believed):
    assert is_believed(moment) is believed


def test_the_window_is_two_hundred_and_thirty_years():
    assert datetime(1970, 1, 1, tzinfo=UTC) == EARLIEST
    assert datetime(2200, 1, 1, tzinfo=UTC) == LATEST


@pytest.mark.parametrize(
    ("text", "needs_a_zone"),
    [
        ("2027-03-05", True),
        ("2027-03-05T20:00", True),
        ("2027-03-05T20:00Z", False),
        ("2027-03-05T20:00+01:00", False),
        ("next Friday", False),
        ("", False),
    ],
)
def test_a_time_without_an_offset_is_local(text, needs_a_zone):
    assert is_local(text) is needs_a_zone


@pytest.mark.parametrize(
    ("kept", "moment"),
    [
        ("2027-03-05T20:00:00+00:00", datetime(2027, 3, 5, 20, tzinfo=UTC)),
        ("2027-03-05T20:00:00", None),
        ("9999-12-31T23:59:59+00:00", None),
        (None, None),
        (1_800_000_000, None),
    ],
)
def test_what_was_kept_is_read_where_it_is_a_moment(kept, moment):
    assert stored_moment(kept) == moment

"""What a store or a shopper wrote about an event becomes an event, or a refusal by field."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.countries import ISO_3166
from saleor_xcover_plugin.domain.event_data import (
    DEFAULT_MAPPING,
    FIELDS,
    EventDataError,
    EventMapping,
    MappingError,
    Sources,
    TicketFacts,
)
from saleor_xcover_plugin.domain.event_times import EARLIEST, LATEST, read_zone
from saleor_xcover_plugin.domain.tickets import Event

MAPPING = EventMapping.parse(DEFAULT_MAPPING)
NO_TIME = "it names no time from 1970 to 2199; write 2027-03-05T20:00+01:00 or a date"
OF_METADATA = EventMapping.parse(
    "\n".join(f"{name} = product.metadata.event_{name}" for name in FIELDS)
)
CONCERT = {
    "event_name": "Evening Concert",
    "event_start": "2027-07-10T20:00:00+02:00",
    "event_country": "DE",
    "event_timezone": "Europe/Berlin",
}


def facts(**changes: str) -> TicketFacts:
    """Return the concert with changed metadata of its product."""
    values = CONCERT | {f"event_{name}": value for name, value in changes.items()}
    return TicketFacts({f"product.metadata.{key}": value for key, value in values.items()})


def times(**changes: str) -> tuple[str, str | None]:
    event = MAPPING.event(facts(**changes))
    return event.starts_at.isoformat(), event.ends_at.isoformat() if event.ends_at else None


def problems(**changes: str) -> dict[str, str]:
    with pytest.raises(EventDataError) as caught:
        MAPPING.event(facts(**changes))
    return dict(caught.value.problems)


def test_a_time_without_offset_is_local_time_of_the_events_time_zone():
    start, _ = times(start="2027-07-05T20:00:00", timezone="America/New_York")

    assert start == "2027-07-05T20:00:00-04:00"


@pytest.mark.parametrize(
    ("_case", "start", "end", "expected"),
    [
        (
            "days",
            "2027-07-10",
            "2027-07-12",
            ("2027-07-10T00:00:00+02:00", "2027-07-12T23:59:59+02:00"),
        ),
        (
            "one day",
            "2027-07-10",
            "2027-07-10",
            ("2027-07-10T00:00:00+02:00", "2027-07-10T23:59:59+02:00"),
        ),
        (
            "days in the other forms of the standard",
            "20270710",
            "2027-W27-7",
            ("2027-07-10T00:00:00+02:00", "2027-07-11T23:59:59+02:00"),
        ),
        (
            "an evening that ends on its date",
            "2027-07-10T20:00",
            "2027-07-10",
            ("2027-07-10T20:00:00+02:00", "2027-07-10T23:59:59+02:00"),
        ),
        (
            "at the moment it starts",
            "2027-07-10T20:00",
            "2027-07-10T20:00",
            ("2027-07-10T20:00:00+02:00", "2027-07-10T20:00:00+02:00"),
        ),
        (
            "over the end of summer time",
            "2027-10-30",
            "2027-10-31",
            ("2027-10-30T00:00:00+02:00", "2027-10-31T23:59:59+01:00"),
        ),
        (
            "a start with an offset of its own zone",
            "2027-10-30T20:00+02:00",
            "2027-10-31",
            ("2027-10-30T20:00:00+02:00", "2027-10-31T23:59:59+01:00"),
        ),
    ],
)
def test_a_date_is_a_day_where_the_event_is(_case, start, end, expected):
    assert times(start=start, end=end) == expected


def test_without_a_time_zone_of_its_own_an_event_ends_where_it_starts():
    # UTC is what the mapping falls back to; the store wrote its own offset.
    assert times(start="2027-07-10T20:00+02:00", end="2027-07-12", timezone="") == (
        "2027-07-10T20:00:00+02:00",
        "2027-07-12T23:59:59+02:00",
    )


NO_PLACES = ["UTC", "UCT", "GMT", "Zulu", "Etc/UTC", "Etc/UCT", "Etc/GMT", "Etc/Zulu"]


@pytest.mark.parametrize("line", ["", *(f"timezone = text:{name}" for name in NO_PLACES)])
def test_a_mapping_that_names_no_place_leaves_an_event_where_it_starts(line):
    mapping = EventMapping.parse(
        "name = product.name\nstart = product.metadata.event_start\n"
        f"end = product.metadata.event_end\ncountry = text:DE\n{line}"
    )
    written = {"event_start": "2027-07-10T20:00+02:00", "event_end": "2027-07-12"}

    event = mapping.event(
        TicketFacts(
            {"product.name": "Jazz"}
            | {f"product.metadata.{key}": value for key, value in written.items()}
        )
    )

    assert event.starts_at.isoformat() == "2027-07-10T20:00:00+02:00"
    assert event.ends_at is not None
    assert event.ends_at.isoformat() == "2027-07-12T23:59:59+02:00"


@pytest.mark.parametrize(
    ("_case", "start", "end", "expected"),
    [
        (
            "an end day",  # Saleor tells the times of attributes in UTC
            "2027-07-11T03:00:00+00:00",
            "2027-07-12",
            ("2027-07-10T20:00:00-07:00", "2027-07-12T23:59:59-07:00"),
        ),
        (
            "one evening",
            "2027-07-11T03:00:00Z",
            "2027-07-10",
            ("2027-07-10T20:00:00-07:00", "2027-07-10T23:59:59-07:00"),
        ),
        (
            "an end time",
            "2027-07-10T20:00",
            "2027-07-11T06:00:00Z",
            ("2027-07-10T20:00:00-07:00", "2027-07-10T23:00:00-07:00"),
        ),
    ],
)
def test_times_are_told_in_the_events_own_time_zone(_case, start, end, expected):
    assert times(start=start, end=end, timezone="America/Los_Angeles") == expected


def test_a_time_zone_the_store_wrote_into_the_mapping_is_its_events_own():
    mapping = EventMapping.parse(
        "start = product.metadata.event_start\nend = product.metadata.event_end\n"
        "name = text:Jazz\ncountry = text:US\ntimezone = text:America/Los_Angeles"
    )

    event = mapping.event(facts(start="2027-07-11T03:00:00Z", end="2027-07-10"))

    assert event.ends_at is not None
    assert event.ends_at.isoformat() == "2027-07-10T23:59:59-07:00"


@pytest.mark.parametrize(
    ("_case", "changes", "fields"),
    [
        ("year 9999", {"start": "9999-12-31T20:00", "timezone": "America/New_York"}, ["start"]),
        ("year 1", {"start": "0001-01-01T00:00", "timezone": "Asia/Tokyo"}, ["start"]),
        ("before the window", {"start": "1969-12-31T23:59:59Z"}, ["start"]),
        ("after the window", {"start": "2200-01-01T00:00:00Z"}, ["start"]),
        ("end in 9999", {"end": "9999-12-31T23:59:59"}, ["end"]),
        ("end date in 9999", {"end": "9999-12-31"}, ["end"]),
        ("end before start", {"end": "2027-07-10T19:00:00+02:00"}, ["end"]),
        ("end day before start", {"end": "2027-07-09"}, ["end"]),
        ("an offset there is nowhere", {"start": "2027-07-10T20:00+16:00"}, ["start"]),
        ("such an offset of the end", {"end": "2027-07-10T23:00-23:59"}, ["end"]),
        ("a day with an offset", {"start": "2027-07-10+02:00"}, ["start"]),
        ("an end day with an offset", {"end": "2027-07-12+02:00"}, ["end"]),
        ("an end day of UTC", {"end": "2027-07-12Z"}, ["end"]),
        ("an offset of half a second", {"start": "2027-07-10T20:00+02:00:30.5"}, ["start"]),
        ("an offset of seconds", {"end": "2027-07-10T23:00+02:00:30"}, ["end"]),
        ("prose", {"start": "next Friday"}, ["start"]),
        ("no such day", {"start": "2027-02-30"}, ["start"]),
        ("endless", {"start": "2027-07-10T20:00" + "0" * 10_000}, ["start"]),
        ("a folder of zones", {"timezone": "US"}, ["timezone"]),
        ("another folder", {"timezone": "Mexico"}, ["timezone"]),
        ("a path", {"timezone": "../../etc/passwd"}, ["timezone"]),
        ("a long zone", {"timezone": "A" * 300}, ["timezone"]),
        ("zone in prose", {"timezone": "Berlin time", "start": "2027-07-10"}, ["timezone"]),
        ("the server's zone", {"timezone": "localtime"}, ["timezone"]),
        ("a zone with leap seconds", {"timezone": "right/Europe/Berlin"}, ["timezone"]),
        ("a bell in the name", {"name": "Jazz\a"}, ["name"]),
        ("two lines", {"venue": "Main\nHall"}, ["venue"]),
        ("two lines of another sort", {"name": "Jazz\u2028Night"}, ["name"]),
        ("half a letter", {"name": "Jazz\ud83d"}, ["name"]),
        ("name of a novel", {"name": "x" * 256}, ["name"]),
        ("venue of a novel", {"venue": "x" * 256}, ["venue"]),
        ("city of a novel", {"city": "x" * 256}, ["city"]),
        ("two at once", {"country": "ZZ", "start": "soon"}, ["country", "start"]),
    ],
)
def test_what_stands_for_nothing_is_refused_by_field(_case, changes, fields):
    assert sorted(problems(**changes)) == fields


@pytest.mark.parametrize(
    "name",
    [
        "Café\u202f: l\u2019été\u00a0!",
        "Fête 👩\u200d🎤",
        "نجوم\u200f 2027",
        "Donau\u00addampf",
        "東京\u3000夏祭り",
    ],
)
def test_names_are_written_as_their_languages_write_them(name):
    event = MAPPING.event(facts(name=name, venue=name))

    assert (event.name, event.venue) == (name, name)


def test_the_ends_of_the_window_are_read():
    last = LATEST - timedelta(seconds=1)
    assert times(start="1970-01-01T00:00:00Z", timezone="UTC")[0] == EARLIEST.isoformat()
    assert times(start="2199-12-31T23:59:59Z", timezone="UTC")[0] == last.isoformat()


@pytest.mark.parametrize(
    ("written", "hint"),
    [("UK", "write GB"), ("EN", "write GB"), ("el", "write GR"), ("DEU", "write DE")],
)
def test_what_people_write_for_a_country_gets_a_hint(written, hint):
    assert problems(country=written)["country"].endswith(hint)


@pytest.mark.parametrize("written", ["ZZ", "XX", "Germany", "D", "", "🇩🇪", "ß"])
def test_what_is_no_country_is_refused(written):
    assert list(problems(country=written)) == ["country"]


def test_the_countries_are_those_of_the_standard():
    assert len(ISO_3166) == 249
    assert {"DE", "GB", "US", "AX", "SS", "BQ"} <= ISO_3166


@pytest.mark.parametrize(
    ("start", "problem"),
    [
        ("2027-07-10T20:00", "it has no offset and there is no time zone"),
        # A time zone would not help these.
        ("soon", NO_TIME),
        ("9999-12-31T20:00Z", NO_TIME),
    ],
)
def test_a_time_is_refused_for_what_is_wrong_with_it_where_there_is_no_time_zone(start, problem):
    mapping = EventMapping.parse(
        "name = product.metadata.event_name\nstart = product.metadata.event_start\n"
        "country = product.metadata.event_country"
    )

    with pytest.raises(EventDataError) as caught:
        mapping.event(facts(start=start))

    assert caught.value.problems == {"start": problem}


@pytest.mark.parametrize(
    ("written", "is_resale"),
    [
        ("true", True), ("Yes", True), ("1", True), ("on", True), ("JA", True), ("oui", True),
        ("نعم", True),
        ("false", False), ("No", False), ("0", False), ("Off", False), ("nein", False),
        ("Non", False), ("لا", False), ("", False),
    ],
)  # fmt: skip
def test_resale_is_said_in_the_languages_of_the_element(written, is_resale):
    given_facts = TicketFacts({**facts().values, "variant.metadata.is_resale": written})

    MAPPING.event(given_facts)

    assert MAPPING.is_resale(given_facts) is is_resale


def test_a_word_that_says_neither_is_refused():
    given_facts = TicketFacts({**facts().values, "variant.metadata.is_resale": "perhaps"})

    with pytest.raises(EventDataError) as caught:
        MAPPING.event(given_facts)

    assert caught.value.fields == ("resale",)


def test_utc_by_default_is_told_from_utc_that_was_meant():
    assert MAPPING.is_utc_by_default(facts(start="2027-07-10T20:00", timezone=""))
    assert MAPPING.is_utc_by_default(facts(end="2027-07-12", timezone=""))
    assert not MAPPING.is_utc_by_default(facts(start="2027-07-10T20:00", timezone="UTC"))
    assert not MAPPING.is_utc_by_default(facts(timezone=""))


def test_a_mapping_error_names_the_line():
    with pytest.raises(MappingError, match="line 2: unknown source 'price'"):
        EventMapping.parse("name = product.name\nstart = price\ncountry = text:DE")
    with pytest.raises(MappingError, match="no source given for country"):
        EventMapping.parse("name = product.name\nstart = product.metadata.start")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("timezone = text:US", "line 4: timezone cannot be 'US'"),
        ("country = text:UK", "line 4: country cannot be 'UK': .* write GB"),
        ("start = text:9999-12-31", "line 4: start cannot be '9999-12-31'"),
        ("resale = text:perhaps", "line 4: resale cannot be 'perhaps'"),
        ("venue = text:" + "x" * 256, "line 4: venue cannot be 'x{40}': it is longer"),
    ],
)
def test_a_text_of_the_mapping_that_no_event_could_have_is_not_saved(line, sentence):
    with pytest.raises(MappingError, match=f"^{sentence}"):
        EventMapping.parse(
            f"name = product.name\nstart = product.metadata.start\ncountry = text:DE\n{line}"
        )


@pytest.mark.parametrize(
    ("field", "text"),
    [
        # The time zone is each event's own.
        ("start", "2027-07-10T20:00"),
        ("end", "2027-07-12"),
        ("venue", "A=B Club"),
    ],
)
def test_a_text_of_the_mapping_that_an_event_may_have_is_taken(field, text):
    mapping = EventMapping.parse(
        f"name = product.name\nstart = product.metadata.start\ncountry = text:DE\n"
        f"{field} = text:{text}"
    )

    assert mapping.value(field, TicketFacts()) == text


WRITTEN = st.one_of(
    st.text(max_size=400),
    st.datetimes(timezones=st.none() | st.timezones()).map(lambda moment: moment.isoformat()),
    st.dates().map(lambda day: day.isoformat()),
    st.sampled_from([*sorted(ISO_3166), "UK", "US", "Mexico", "Europe/Berlin", "true", "9" * 5000]),
)


def read(written: dict[str, str]) -> tuple[Event | None, dict[str, str]]:
    try:
        return OF_METADATA.event(facts(**written)), {}
    except EventDataError as error:
        return None, dict(error.problems)


@given(st.fixed_dictionaries(dict.fromkeys(FIELDS, WRITTEN)))
def test_whatever_is_written_is_an_event_or_a_named_refusal(written):
    event, refusal = read(written)
    if event is None:
        assert refusal
        assert set(refusal) <= set(FIELDS)
        assert all(refusal.values())
        return
    for moment in filter(None, (event.starts_at, event.ends_at)):
        in_utc = moment.astimezone(UTC)
        assert EARLIEST <= in_utc < LATEST
        assert datetime.fromisoformat(moment.isoformat()) == moment
    assert event.ends_at is None or event.starts_at <= event.ends_at
    assert event.country in ISO_3166
    assert max(len(text or "") for text in (event.name, event.venue, event.city)) <= 255


@given(st.text(max_size=400))
def test_any_name_is_a_time_zone_or_none(text):
    zone = read_zone(text)

    assert zone is None or zone.key == text


REQUIRED = "name = product.name\nstart = product.metadata.start\ncountry = text:DE\n"
SOURCES = (
    "product.name",
    "product.slug",
    "product.type",
    "variant.name",
    "variant.sku",
    "product.metadata.x",
    "product.attribute.x",
    "variant.metadata.x",
    "variant.attribute.x",
    "line.metadata.x",
    "checkout.metadata.x",
)


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_there_is_can_be_named(source):
    mapping = EventMapping.parse(f"{REQUIRED}venue = {source}")

    assert mapping.sources["venue"] == (source,)
    assert mapping.value("venue", TicketFacts({source: " Town Hall "})) == "Town Hall"
    assert Sources(mapping.names).uses(source)
    assert not Sources(mapping.names).uses("order.")


@pytest.mark.parametrize(
    "source",
    [
        *("product.metadata.", "product.attribute.", "variant.metadata.", "variant.attribute."),
        *("checkout.metadata.", "product.names", "order.name", ""),
    ],
)
def test_a_source_there_is_not_is_told_with_those_there_are(source):
    with pytest.raises(MappingError) as refused:
        EventMapping.parse(f"{REQUIRED}venue = {source}")

    assert str(refused.value) == (
        f"line 4: unknown source {source!r}; use product.name, product.slug, product.type, "
        "variant.name, variant.sku, product.metadata.KEY, product.attribute.KEY, "
        "variant.metadata.KEY, variant.attribute.KEY, line.metadata.KEY, checkout.metadata.KEY or "
        "text:VALUE"
    )


@pytest.mark.parametrize("line", ["price = product.name", "venue", "= product.name"])
def test_a_line_that_is_none_is_told_with_the_fields_there_are(line):
    with pytest.raises(MappingError) as refused:
        EventMapping.parse(f"{REQUIRED}{line}")

    assert str(refused.value) == (
        "line 4: expected one of name, start, end, venue, city, country, timezone, "
        "resale, insurable, refundable = source"
    )


def test_all_fields_that_need_a_source_are_named_at_once():
    with pytest.raises(MappingError) as refused:
        EventMapping.parse("venue = product.name")

    assert str(refused.value) == "no source given for name, start, country"


def test_remarks_and_empty_lines_are_no_lines():
    mapping = EventMapping.parse(f"# where it is\n\n  {REQUIRED}  # the end\n")

    assert list(mapping.sources) == ["name", "start", "country", "insurable", "refundable"]


def test_the_first_source_with_something_in_it_counts():
    mapping = EventMapping.parse(
        f"{REQUIRED}city = product.metadata.a, variant.name, text: Berlin "
    )

    assert mapping.value("city", TicketFacts({"product.metadata.a": "Bonn"})) == "Bonn"
    assert mapping.value(
        "city", TicketFacts({"product.metadata.a": " ", "variant.name": "Ulm"})
    ) == ("Ulm")
    assert mapping.value("city", TicketFacts()) == "Berlin"
    assert mapping.value("venue", TicketFacts()) == ""


def test_an_event_is_all_that_the_store_says_of_it():
    found = MAPPING.event(
        facts(
            start="2027-07-10T20:00:00+02:00",
            end="2027-07-10T23:00:00+02:00",
            venue="Town Hall",
            city="Bonn",
            country="de",
            timezone="",
        )
    )

    assert (found.venue, found.city, found.country) == ("Town Hall", "Bonn", "DE")
    bare = MAPPING.event(facts(venue="", city="", end=""))
    assert (bare.venue, bare.city, bare.ends_at) == (None, None, None)


def test_a_name_of_255_characters_is_a_name():
    assert MAPPING.event(facts(name="x" * 255)).name == "x" * 255
    assert problems(name="x" * 256) == {"name": "it is longer than 255 characters"}


def test_staff_read_what_is_wrong_with_each_field():
    assert problems(name="") == {"name": "it is empty"}
    assert problems(start="soon") == {"start": NO_TIME}
    assert problems(start="9999-12-31T20:00") == {"start": NO_TIME}
    assert problems(end="soon") == {"end": NO_TIME}
    assert problems(end="2027-07-09")["end"] == "it is before the start"
    assert problems(country="UK") == {"country": "it is no code of a country; write GB"}
    assert problems(timezone="Berlin")["timezone"] == (
        "it is no name of a time zone; write one such as Europe/Berlin"
    )
    assert problems(venue="a\nb") == {"venue": "it holds a line break or another control character"}


def test_an_error_of_event_data_says_all_of_it_in_one_line():
    error = EventDataError({"name": "it is empty", "start": "it is before"})

    assert str(error) == "name: it is empty; start: it is before"
    assert error.fields == ("name", "start")


def test_the_zone_of_a_mapping_that_names_none_is_none():
    mapping = EventMapping.parse(REQUIRED)

    assert mapping.default_zone == ""
    assert MAPPING.default_zone == "UTC"
    assert not mapping.is_utc_by_default(TicketFacts({"product.metadata.start": "2027-07-10"}))


def test_a_start_may_come_from_the_store_and_need_not():
    assert MAPPING.has_start(facts(start="2027-07-10"))
    assert not MAPPING.has_start(TicketFacts())

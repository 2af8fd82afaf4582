"""Every alarm says what to do; a silent sweep is told from a failing one."""

import string
from datetime import UTC, datetime, timedelta

import pytest

from saleor_xcover_plugin.domain.alarms import (
    SENTENCES,
    UNOFFERED,
    UNSELLABLE,
    AlarmCode,
    Pulse,
    Raised,
    Refusals,
    alarming,
    at,
    silence,
    trouble,
)
from saleor_xcover_plugin.errors import Code

NOW = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def code_of(
    sweep: Pulse, *, beat_ran_at: datetime | None = None, has_broker: bool = True
) -> str | None:
    found = silence(sweep, NOW, beat_ran_at=beat_ran_at, has_broker=has_broker)
    return found.code.value if found else None


def test_every_code_has_a_sentence() -> None:
    assert set(SENTENCES) == set(AlarmCode)


@pytest.mark.parametrize("code", AlarmCode)
def test_a_sentence_ends_as_one_and_takes_only_named_facts(code: AlarmCode) -> None:
    names = [name for _, name, _, _ in string.Formatter().parse(SENTENCES[code]) if name]

    told = trouble(code, "1001", **dict.fromkeys(names, "FACT"))

    assert told.sentence.endswith(".")
    assert told.sentence.count("FACT") == len(names)
    assert told.key == (code.value, "1001")


@pytest.mark.parametrize(
    ("_case", "sweep", "beat_ran_at", "expected"),
    [
        ("just ended", Pulse(ago(1), ago(0.5)), None, None),
        ("ended long ago, under way again", Pulse(ago(0.5), ago(60), 1), None, None),
        ("the first one is under way", Pulse(ago(0.5), None, 1), None, None),
        ("begins and never ends", Pulse(ago(0.5), None, 3), None, "sweep_failing"),
        ("ended once, fails since", Pulse(ago(0.5), ago(60), 59), None, "sweep_failing"),
        ("long silent", Pulse(ago(60), ago(60)), None, "beat_not_running"),
        ("failed, then silent", Pulse(ago(60), ago(90), 30), None, "beat_not_running"),
        ("never ran", Pulse(), None, "beat_not_running"),
        ("beat asks, nobody runs it", Pulse(ago(60), ago(60)), ago(1), "no_worker"),
        ("beat asks, nobody ever ran it", Pulse(), ago(1), "no_worker"),
        ("beat asked long ago", Pulse(ago(60), ago(60)), ago(60), "beat_not_running"),
        ("written by a clock ahead", Pulse(ago(-60), ago(-60)), None, "beat_not_running"),
    ],
)
def test_what_a_silent_sweep_means(
    _case: str, sweep: Pulse, beat_ran_at: datetime | None, expected: str | None
) -> None:
    assert code_of(sweep, beat_ran_at=beat_ran_at) == expected


def test_a_store_without_a_broker_is_told_of_cron() -> None:
    # given a row that beat left behind
    told = silence(Pulse(ago(60), ago(60)), NOW, beat_ran_at=ago(1), has_broker=False)

    assert told is not None
    assert told.code == AlarmCode.BEAT_NOT_RUNNING
    assert "cron" in told.sentence
    assert "xcover_work" in told.sentence
    assert at(ago(60)) in told.sentence
    assert "beat" not in told.sentence


@pytest.mark.parametrize("beat_ran_at", [None, ago(1)])
@pytest.mark.parametrize("has_broker", [True, False])
def test_a_first_sweep_that_never_came_is_said_in_words(
    beat_ran_at: datetime | None, has_broker: bool
) -> None:
    told = silence(Pulse(), NOW, beat_ran_at=beat_ran_at, has_broker=has_broker)

    assert told is not None
    assert "has never ended" in told.sentence
    assert "ended last" not in told.sentence


@pytest.mark.parametrize(
    ("_case", "refused", "offered", "told"),
    [
        ("nobody was refused", {}, 0, set()),
        ("one answer that may not be sold", {Code.RULE_UNREADABLE: 1}, 0, {Code.RULE_UNREADABLE}),
        ("of one product only", {Code.TEXT_TOO_LONG: 1}, 500, {Code.TEXT_TOO_LONG}),
        ("some tickets get no offer", {Code.NO_OFFER: 100}, 1, set()),
        ("few got none", {Code.NO_OFFER: 10, Code.XCOVER_UNAVAILABLE: 9}, 0, set()),
        (
            "nobody gets one",
            {Code.NO_OFFER: 10, Code.XCOVER_UNAVAILABLE: 10},
            0,
            {Code.NO_OFFER, Code.XCOVER_UNAVAILABLE},
        ),
        ("a reason of the checkout's own", {Code.PRICE_NOT_EXACT: 100}, 0, set()),
    ],
)
def test_refusals_are_told_when_a_person_must_act(
    _case: str, refused: dict[Code, int], offered: int, told: set[Code]
) -> None:
    assert alarming(refused, offered) == told


def test_every_reason_in_what_xcover_sends_is_told() -> None:
    """A new code for rules or texts must not be forgotten here."""
    about_answers = {code for code in Code if code.value.startswith(("rule_", "text_"))}

    assert about_answers <= UNSELLABLE
    assert not UNSELLABLE & UNOFFERED


def refusals(last: float, *, is_mixed: bool = False, is_followed: bool = True) -> Refusals:
    """Refusals from half an hour ago on, the last so many minutes ago."""
    return Refusals(ago(30), ago(last), 2, 5, is_mixed, is_followed)


@pytest.mark.parametrize(
    ("_case", "seen", "raised", "is_over"),
    [
        (
            "nobody was shown an offer since",
            refusals(9, is_followed=False),
            [Raised(ago(8))],
            False,
        ),
        ("somebody was", refusals(9), [Raised(ago(8))], True),
        ("refused again after it was told, then shown", refusals(7), [Raised(ago(8))], True),
        ("refusals between shown offers", refusals(9, is_mixed=True), [Raised(ago(8))], False),
        ("never told", refusals(9), [], False),
        ("told and cleared", refusals(9), [Raised(ago(8), ago(7))], True),
        ("refused after it was told and cleared", refusals(5), [Raised(ago(8), ago(7))], False),
        ("came back", refusals(5), [Raised(ago(4)), Raised(ago(8), ago(7))], False),
        ("came back and was cleared", refusals(5), [Raised(ago(4), ago(1))], True),
        ("another day", refusals(5), [Raised(ago(4)), Raised(ago(99), ago(90))], True),
    ],
)
def test_when_refused_offers_are_over(
    _case: str, seen: Refusals, raised: list[Raised], is_over: bool
) -> None:
    assert seen.is_over(raised) is is_over


def test_what_happened_is_said_with_its_own_time() -> None:
    assert refusals(9).period == "between 2026-12-04 08:30:00 and 2026-12-04 08:51:00 UTC"
    assert refusals(30).period == "at 2026-12-04 08:30:00 UTC"
    nobody = "Nobody was shown an offer there in that time"
    assert refusals(9, is_followed=False).others == f"{nobody}."
    assert refusals(9).others == f"{nobody}; afterwards offers were shown again."
    assert "Offers were shown in between" in refusals(9, is_mixed=True).others

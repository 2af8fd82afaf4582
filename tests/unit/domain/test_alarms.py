"""Every alarm says what to do; a silent sweep is told from a failing one."""

import string
from datetime import UTC, datetime, timedelta

import pytest

from saleor_xcover_plugin.domain.alarms import (
    SENTENCES,
    AlarmCode,
    Pulse,
    at,
    silence,
    trouble,
)

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

"""Every alarm says what to do; a silent sweep is told from a failing one."""

import string
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from saleor_xcover_plugin.domain.alarms import (
    BEAT_COMMAND,
    SENTENCES,
    SILENT,
    UNOFFERED,
    UNSELLABLE,
    WAITS_FOR_ADOPTION,
    WORKER_COMMAND,
    AlarmCode,
    Pulse,
    Raised,
    Refusals,
    alarming,
    at,
    has_come_back,
    heartbeat_missing,
    incident,
    is_recent,
    minutes,
)
from saleor_xcover_plugin.errors import Code

NOW = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)


def ago(gone: float) -> datetime:
    """Return the time so many minutes before now."""
    return NOW - timedelta(minutes=gone)


def code_of(
    sweep: Pulse, *, beat_ran_at: datetime | None = None, has_broker: bool = True
) -> str | None:
    found = heartbeat_missing(sweep, NOW, beat_ran_at=beat_ran_at, has_broker=has_broker)
    return found.code.value if found else None


def test_every_code_has_a_sentence() -> None:
    assert set(SENTENCES) == set(AlarmCode)


@pytest.mark.parametrize("code", AlarmCode)
def test_a_sentence_ends_as_one_and_takes_only_named_facts(code: AlarmCode) -> None:
    names = [name for _, name, _, _ in string.Formatter().parse(SENTENCES[code]) if name]

    told = incident(code, "1001", **dict.fromkeys(names, "FACT"))

    assert told.sentence.endswith(".")
    assert told.sentence.count("FACT") == len(names)
    assert told.key == (code.value, "1001")


@pytest.mark.parametrize(
    ("_case", "sweep", "beat_ran_at", "expected"),
    [
        ("just ended", Pulse(ago(1), ago(0.5)), None, None),
        ("a long one just ended", Pulse(ago(6), ago(0.5)), None, None),
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
    told = heartbeat_missing(Pulse(ago(60), ago(60)), NOW, beat_ran_at=ago(1), has_broker=False)

    assert told is not None
    assert told.code == AlarmCode.BEAT_NOT_RUNNING
    assert "cron" in told.sentence
    assert "xcover_work" in told.sentence
    assert told.sentence.startswith("The sweep ended last 2026-12-04 08:00 UTC. ")
    assert "beat" not in told.sentence
    assert (told.subject, told.order_id) == ("", None)


@pytest.mark.parametrize("beat_ran_at", [None, ago(1)])
@pytest.mark.parametrize("has_broker", [True, False])
def test_a_first_sweep_that_never_came_is_said_in_words(
    beat_ran_at: datetime | None, has_broker: bool
) -> None:
    told = heartbeat_missing(Pulse(), NOW, beat_ran_at=beat_ran_at, has_broker=has_broker)

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


def test_offers_that_may_not_be_sold_and_offers_that_are_not_made() -> None:
    rules = {
        *("products_ambiguous", "rule_unreadable", "rule_product_unknown"),
        *("rule_product_in_two_groups", "rule_minimum_above_maximum"),
        *("rule_minimum_out_of_reach", "rule_state_unknown", "rule_leaves_no_choice"),
    }

    assert {code.value for code in UNSELLABLE} == rules | {"text_unreadable", "text_too_long"}
    assert {code.value for code in UNOFFERED} == {
        *("no_offer", "product_failed", "xcover_unavailable"),
    }


def test_a_sweep_cannot_tell_of_itself_that_it_does_not_run() -> None:
    assert {code.value for code in SILENT} == {"sweep_failing", "no_worker", "beat_not_running"}


def test_beside_a_foreign_database_what_follows_from_it_is_not_told() -> None:
    assert {code.value for code in WAITS_FOR_ADOPTION} == {
        *("paid_unprotected", "messages_overdue", "offers_refused", "reconcile_findings"),
    }


@pytest.mark.parametrize("minutes_gone", [5, -5])
def test_a_sweep_five_minutes_ago_is_recent_and_one_second_more_is_not(minutes_gone: int) -> None:
    time = ago(minutes_gone)
    further = timedelta(seconds=1 if minutes_gone > 0 else -1)

    assert is_recent(time, NOW, timedelta(minutes=5))
    assert not is_recent(time - further, NOW, timedelta(minutes=5))
    assert not is_recent(None, NOW, timedelta(minutes=5))


def test_beats_row_lags_behind_by_five_minutes_more() -> None:
    asleep = Pulse(ago(60), ago(60))

    assert code_of(asleep, beat_ran_at=ago(10)) == "no_worker"
    assert code_of(asleep, beat_ran_at=ago(10.1)) == "beat_not_running"


def test_two_sweeps_that_did_not_end_may_be_slow_and_three_are_told() -> None:
    assert code_of(Pulse(ago(0.5), None, 2)) is None
    told = heartbeat_missing(Pulse(ago(0.5), None, 3), NOW, beat_ran_at=None, has_broker=True)

    assert told is not None
    assert f"3 in a row, the last at {at(ago(0.5))}" in told.sentence
    assert (told.subject, told.order_id) == ("", None)


def test_an_alarm_of_an_order_knows_it() -> None:
    order = UUID(int=7)

    told = incident(AlarmCode.PAID_UNPROTECTED, "1001", order_id=order, minutes=15)

    assert (told.code, told.subject, told.order_id) == (AlarmCode.PAID_UNPROTECTED, "1001", order)
    assert "more than 15 minutes ago" in told.sentence


def test_times_and_periods_are_written_for_people() -> None:
    assert at(NOW) == "2026-12-04 09:00 UTC"
    assert at(None) == "never"
    assert minutes(timedelta(minutes=15, seconds=59)) == 15
    assert minutes(timedelta(seconds=59)) == 0
    assert minutes(timedelta(hours=1)) == 60


def test_a_pulse_nobody_felt_is_none() -> None:
    assert (Pulse().begun_at, Pulse().ended_at, Pulse().unfinished) == (None, None, 0)


@pytest.mark.parametrize(
    ("_case", "raised", "has_come"),
    [
        ("never raised", [], False),
        ("raised once", [Raised(ago(4))], False),
        ("an hour after it was cleared", [Raised(ago(0)), Raised(ago(90), ago(60))], True),
        ("later than that", [Raised(ago(0)), Raised(ago(90), ago(60.1))], False),
        ("cleared again", [Raised(ago(4), ago(1)), Raised(ago(9), ago(8))], False),
        ("the one before is open still", [Raised(ago(4)), Raised(ago(9))], False),
    ],
)
def test_an_alarm_comes_back_within_an_hour(
    _case: str, raised: list[Raised], has_come: bool
) -> None:
    assert has_come_back(raised) is has_come


def test_an_alarm_raised_at_the_very_moment_of_the_last_refusal_has_told_it() -> None:
    assert refusals(8).is_over([Raised(ago(8), ago(7))])


def test_refusals_in_between_say_so_whatever_came_after() -> None:
    in_between = refusals(9, is_mixed=True, is_followed=False)

    assert in_between.others == (
        "Offers were shown in between: not all tickets are affected, or it comes and goes."
    )


def test_twenty_refusals_are_many_and_nineteen_are_few() -> None:
    assert alarming({Code.NO_OFFER: 20}, 0) == {Code.NO_OFFER}
    assert alarming({Code.NO_OFFER: 19}, 0) == frozenset()
    assert alarming({Code.NO_OFFER: 20}, 1) == frozenset()


def test_beat_is_started_as_saleor_starts_it() -> None:
    assert BEAT_COMMAND == (
        "celery --app saleor.celeryconf:app beat "
        "--scheduler saleor.schedulers.schedulers.DatabaseScheduler"
    )
    assert WORKER_COMMAND == "celery --app saleor.celeryconf:app worker"
    assert BEAT_COMMAND in SENTENCES[AlarmCode.BEAT_NOT_RUNNING]

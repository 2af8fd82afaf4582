"""Numbers that operators, stores and Cover Genius were told: another one is another promise."""

from datetime import timedelta
from decimal import Decimal

import pytest

from saleor_xcover_plugin.domain import (
    alarms,
    allowances,
    answer_sequence,
    breaker,
    premium,
    product_rules,
    rates,
)
from saleor_xcover_plugin.domain.retention import EVENT_LASTS, PERIODS, Kind

SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)


@pytest.mark.parametrize(
    ("what", "number", "told"),
    [
        ("a paid cover without a policy is told after", alarms.CONFIRMATION_GRACE, 15 * MINUTE),
        ("an unpaid order is told before its event by", alarms.NEAR_EVENT, 24 * HOUR),
        ("messages are overdue after", alarms.OVERDUE, 5 * MINUTE),
        ("a lock of another session is told after", alarms.BUSY_GRACE, 10 * MINUTE),
        ("a sweep is silent after", alarms.MAX_HEARTBEAT_AGE, 5 * MINUTE),
        ("a breaker nobody tried says nothing after", alarms.UNTRIED, HOUR),
        ("refusals count for", alarms.REFUSALS_WINDOW, HOUR),
        ("an alarm waits for an offer that is shown for", alarms.REFUSALS_KEPT, DAY),
        ("checkouts without any offer that are no accident", alarms.MANY_REFUSALS, 20),
        ("answers one checkout may give in a minute", allowances.ANSWERS_PER_MINUTE, 60),
        ("first questions while XCover answers none", allowances.FIRST_QUESTIONS, 3),
        ("failures in a row that stop the calls", breaker.THRESHOLD, 5),
        ("the first rest", breaker.FIRST_COOLDOWN, 15 * SECOND),
        ("the longest rest", breaker.MAX_COOLDOWN, 2 * MINUTE),
        ("one call tries for at most", breaker.PROBE, 20 * SECOND),
        ("the others look again after", breaker.PEEK, 2 * SECOND),
        ("offers and confirmations in a second", rates.DEFAULT_RATE, Decimal(50)),
        ("other calls in a second", rates.OTHER_RATE, Decimal(20)),
        ("calls in a second with test keys", rates.TEST_RATE, Decimal(2)),
        ("no turn is given further ahead than", rates.AHEAD, 6 * SECOND),
        ("a turn is missed after", rates.LATE, timedelta(milliseconds=30)),
        ("a corrected line costs more by at most this many premiums", premium.MAX_CORRECTION, 3),
        ("selections that are priced one by one", product_rules.MAX_SELECTIONS, 16),
        ("pages of a checkout that are remembered", answer_sequence.MAX_PAGES, 16),
        ("an event without an end is over after", EVENT_LASTS, 7 * DAY),
    ],
)
def test_the_number_is_the_one_that_was_told(what, number, told):
    assert number == told, what


@pytest.mark.parametrize(
    ("kind", "option", "days", "least"),
    [
        (Kind.UNSEEN, "unseen", 90, 7),
        (Kind.UNANSWERED, "unanswered", 1_100, 7),
        (Kind.ANSWERED, "evidence", 3_653, 365),
        (Kind.UNCOVERED, "evidence", 3_653, 365),
        (Kind.COVERED, "evidence", 3_653, 365),
        (Kind.HASHES, "hashes", 30, 7),
        (Kind.WEBHOOKS, "webhooks", 90, 7),
    ],
)
def test_each_kind_is_kept_as_long_as_the_page_about_privacy_says(kind, option, days, least):
    period = PERIODS[kind]

    assert (period.option, period.days, period.least) == (option, days, least)
    assert period.meaning

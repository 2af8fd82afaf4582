"""Allowances on PostgreSQL: one statement, all or nothing, shared by every process."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from saleor_xcover_plugin.checkout import allowances
from saleor_xcover_plugin.config.settings import PluginSettings, read_settings
from saleor_xcover_plugin.errors import Code, Refusal
from saleor_xcover_plugin.models import Offer, Usage

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def settings_for(**more: str) -> PluginSettings:
    values = {
        "api_url": "https://xcover.invalid/x",
        "partner_code": "ABCDE",
        "api_key": "key",
        "api_secret": "secret",
        **more,
    }
    return read_settings([{"name": name, "value": value} for name, value in values.items()])


SETTINGS = settings_for()


def asked(
    token: uuid.UUID, now: datetime = NOW, settings: PluginSettings = SETTINGS, **more: Any
) -> int | None:
    """Draw for an offer; return the seconds to wait, 0 when it may be asked for."""
    return wait_of(allowances.draw_for_offer, token, settings, now, **more)


def answered(token: uuid.UUID, now: datetime = NOW, **more: Any) -> int | None:
    return wait_of(allowances.draw_for_answer, token, SETTINGS, now, **more)


def wait_of(
    draw: Any, token: uuid.UUID, settings: PluginSettings, now: datetime, **more: Any
) -> int | None:
    try:
        draw(token, settings, now, **more)
    except Refusal as refused:
        return refused.retry_after if refused.code == Code.TOO_MANY_REQUESTS else -1
    return 0


def offer_of(
    token: uuid.UUID, *, quoted_at: datetime | None = NOW, unavailable_for: str = ""
) -> Offer:
    return Offer.objects.create(
        channel_id=1,
        checkout_token=token,
        status="unavailable" if unavailable_for else "expired",
        reason_code=unavailable_for,
        currency="USD",
        quoted_at=quoted_at,
        created_at=NOW,
        updated_at=NOW,
    )


def shared(token: uuid.UUID, now: datetime, **more: Any) -> str:
    """Ask for an offer; return which of the shared allowances that drew on."""
    before = _shared_usage()
    assert asked(token, now, **more) == 0
    (drawn,) = {kind for kind, until in _shared_usage().items() if until != before.get(kind)}
    return drawn


def _shared_usage() -> dict[str, datetime]:
    rows = Usage.objects.values_list("key", "used_until")
    usage = {key.partition(":")[0]: until for key, until in rows}
    return {kind: usage[kind] for kind in ("first", "repeated") if kind in usage}


def keys() -> set[str]:
    return {key.partition(":")[0] for key in Usage.objects.values_list("key", flat=True)}


def test_a_checkout_asks_as_often_as_it_may_and_then_waits() -> None:
    token = uuid.uuid4()

    assert [asked(token) for _ in range(14)] == [0] * 12 + [5, 5]
    # nobody else waits
    assert asked(uuid.uuid4()) == 0
    # what was refused did not count: one more comes back every five seconds
    assert asked(token, NOW + 4 * SECOND) == 1
    assert asked(token, NOW + 5 * SECOND) == 0
    assert asked(token, NOW + 5 * SECOND) == 5
    assert [asked(token, NOW + timedelta(hours=1)) for _ in range(13)] == [0] * 12 + [5]


def test_how_often_is_a_setting() -> None:
    token, settings = uuid.uuid4(), settings_for(offers_per_minute="2")

    assert [asked(token, settings=settings) for _ in range(3)] == [0, 0, 30]


def test_further_offers_leave_half_of_the_rate_to_first_ones() -> None:
    # given an account with test keys: 1.128 offers a second, and checkouts that had one
    settings = settings_for(calls_per_second="2")
    busy = [offer_of(uuid.uuid4()).checkout_token for _ in range(5)]
    # when all of them ask again
    waits = [asked(token, settings=settings) for token in busy]
    # then two may, and the others wait although they themselves have hardly asked
    assert waits == [0, 0, 2, 2, 2]
    # and whoever asks for the first time may all the same, up to a minute's worth
    assert [asked(uuid.uuid4(), settings=settings) for _ in range(68)] == [0] * 67 + [1]


@pytest.mark.parametrize("code", ["", "offer_pending", "xcover_unavailable"])
def test_an_offer_xcover_never_answered_is_still_the_first(code: str) -> None:
    settings = settings_for(calls_per_second="2")
    waiting = [
        offer_of(uuid.uuid4(), quoted_at=None, unavailable_for=code).checkout_token
        for _ in range(5)
    ]

    assert [asked(token, settings=settings) for token in waiting] == [0] * 5
    assert keys() == {"offers", "first", "asked"}


def test_a_checkout_xcover_does_not_answer_has_three_first_ones_within_minutes() -> None:
    """Whoever has his questions fail by himself could use up everybody's first ones."""
    token = offer_of(
        uuid.uuid4(), quoted_at=None, unavailable_for="xcover_unavailable"
    ).checkout_token
    # when
    found = [shared(token, NOW + n * SECOND) for n in range(6)]
    # then
    assert found == ["first"] * 3 + ["repeated"] * 3
    # and one more comes back each quarter of an hour
    later = NOW + timedelta(minutes=15)
    assert [shared(token, later + n * SECOND) for n in range(3)] == [
        "first",
        "repeated",
        "repeated",
    ]


@pytest.mark.parametrize("code", ["no_offer", "product_failed", "text_too_long"])
def test_a_checkout_that_was_refused_an_offer_has_had_its_first(code: str) -> None:
    """Else whoever holds checkouts that are never quoted could use up everybody's first ones."""
    settings = settings_for(calls_per_second="2")
    refused = [
        offer_of(uuid.uuid4(), quoted_at=None, unavailable_for=code).checkout_token
        for _ in range(5)
    ]

    assert [asked(token, settings=settings) for token in refused] == [0, 0, 2, 2, 2]
    assert keys() == {"offers", "repeated", "asked"}


@pytest.mark.parametrize("is_ahead", [False, True], ids=["a shopper", "a worker ahead"])
@pytest.mark.parametrize("code", ["no_offer", ""], ids=["refused", "quoted"])
def test_who_was_answered_once_has_had_his_first_whatever_becomes_of_the_answer(
    code: str, is_ahead: bool
) -> None:
    # given an answer that a change of the basket has ended since
    token = uuid.uuid4()
    assert shared(token, NOW) == "first"
    answer = offer_of(token, quoted_at=None if code else NOW, unavailable_for=code)
    Offer.objects.filter(pk=answer.pk).update(status="superseded")
    # when the next question is asked, which takes the ended row away
    assert shared(token, NOW + SECOND, is_ahead=is_ahead) == "repeated"
    Offer.objects.all().delete()
    # then no later one is a first one, whether there is a row or it holds no answer
    assert shared(token, NOW + 2 * SECOND) == "repeated"
    offer_of(token, quoted_at=None, unavailable_for="offer_pending")
    assert shared(token, NOW + 3 * SECOND) == "repeated"
    assert shared(token, NOW + timedelta(minutes=14)) == "repeated"


def test_a_question_an_allowance_refused_forgets_nothing_and_remembers_nothing() -> None:
    # given a checkout that was refused an offer, and may not ask now
    token, settings = uuid.uuid4(), settings_for(offers_per_minute="1")
    offer_of(token, quoted_at=None, unavailable_for="no_offer")
    Usage.objects.create(key=f"offers:{token}", used_until=NOW + 30 * SECOND)
    # when
    assert asked(token, settings=settings) == 30
    # then
    assert keys() == {"offers"}


def test_seeing_an_answer_again_and_again_locks_out_no_longer_than_seeing_it_once() -> None:
    token = offer_of(uuid.uuid4()).checkout_token
    for second in range(10):
        asked(token, NOW + second * SECOND)

    (memory,) = Usage.objects.filter(key=f"asked:{token}")
    assert memory.used_until == NOW + 9 * SECOND + timedelta(minutes=45)
    # and the memory goes by itself
    allowances.clear(NOW + timedelta(minutes=46))
    assert Usage.objects.count() == 0


def test_what_a_worker_asks_ahead_is_none_of_the_first() -> None:
    """Whoever makes checkouts in Saleor causes it, and no limit of ours sees that."""
    settings = settings_for(calls_per_second="2")
    made = [uuid.uuid4() for _ in range(5)]

    waits = [asked(token, settings=settings, is_ahead=True) for token in made]
    assert waits == [0, 2, 2, 2, 2]
    assert keys() == {"offers", "repeated"}
    # which leaves a further one to a shopper whose basket changed, and he goes before workers
    changed = [offer_of(uuid.uuid4()).checkout_token for _ in range(2)]
    assert [asked(token, settings=settings) for token in changed] == [0, 2]
    later = NOW + timedelta(seconds=1.8)
    assert asked(made[0], later, settings=settings, is_ahead=True) == 2
    assert asked(changed[1], later, settings=settings) == 0
    # so whoever asks himself gets his first offer
    assert [asked(token, settings=settings) for token in made] == [0] * 5


def test_what_one_allowance_refuses_the_others_do_not_count() -> None:
    client, settings = "c" * 64, settings_for(client_requests="3")
    token = uuid.uuid4()

    assert [asked(uuid.uuid4(), settings=settings, client=client) for _ in range(4)] == [0] * 3 + [
        20
    ]
    before = dict(Usage.objects.values_list("key", "used_until"))
    assert asked(token, settings=settings, client=client) == 20
    assert dict(Usage.objects.values_list("key", "used_until")) == before
    # another client, and one that is not known
    assert asked(token, settings=settings, client="d" * 64) == 0
    assert asked(token, settings=settings) == 0


def test_two_accounts_do_not_share() -> None:
    here = settings_for(calls_per_second="2")
    there = settings_for(calls_per_second="2", partner_code="OTHER")
    tokens = [offer_of(uuid.uuid4()).checkout_token for _ in range(3)]

    assert [asked(token, settings=here) for token in tokens] == [0, 0, 2]
    assert [asked(token, settings=there) for token in tokens] == [0, 0, 2]


def test_answers_count_where_there_is_something_to_answer() -> None:
    # given a checkout somebody invented
    assert [answered(uuid.uuid4()) for _ in range(100)] == [0] * 100
    assert Usage.objects.count() == 0
    # and one with an offer
    token = offer_of(uuid.uuid4()).checkout_token
    assert [answered(token) for _ in range(61)] == [0] * 60 + [1]
    # which may have others asked for all the same
    assert asked(token) == 0


@pytest.mark.parametrize("draw", [allowances.draw_for_offer, allowances.draw_for_answer])
def test_it_takes_one_statement(draw: Any) -> None:
    token = offer_of(uuid.uuid4()).checkout_token
    with CaptureQueriesContext(
        connection,
    ) as captured:
        draw(token, SETTINGS, NOW, client="c" * 64)

    assert len(captured) == 1


@pytest.fixture
def threads() -> Iterator[list[threading.Thread]]:
    started: list[threading.Thread] = []
    yield started
    for thread in started:
        thread.join(60)


def test_processes_that_ask_at_once_are_all_counted(threads: list[threading.Thread]) -> None:
    # given four processes that ask for the same two checkouts, in either order
    tokens = [uuid.uuid4(), uuid.uuid4()]
    let_through: list[int | None] = []

    def ask(order: int) -> None:
        for _ in range(10):
            for token in tokens[::order]:
                let_through.append(asked(token))
        connections.close_all()

    # when
    for order in (1, -1, 1, -1):
        threads.append(threading.Thread(target=ask, args=(order,)))
        threads[-1].start()
    for thread in threads:
        thread.join(60)
    # then nobody was held up for ever, and hardly more than twelve of each were let through
    assert len(let_through) == 80
    assert 24 <= let_through.count(0) <= 24 + 2 * 3
    # each that was let through is counted
    used = [row.used_until - NOW for row in Usage.objects.filter(key__startswith="offers:")]
    assert sum(used, timedelta()) == let_through.count(0) * 5 * SECOND


def test_a_moment_from_a_wrong_clock_locks_nobody_out() -> None:
    token = uuid.uuid4()
    asked(token)
    Usage.objects.update(used_until=NOW + timedelta(days=400))

    assert [asked(token) for _ in range(13)] == [0] * 12 + [5]


def test_what_is_whole_again_is_forgotten() -> None:
    # given
    early, late = uuid.uuid4(), uuid.uuid4()
    asked(early)
    asked(late, NOW + 30 * SECOND)
    # when
    gone = allowances.clear(NOW + 31 * SECOND)
    # then what the checkout of half a minute ago had used is forgotten, and all together
    assert gone == 2
    assert not Usage.objects.filter(key=f"offers:{early}").exists()
    assert Usage.objects.filter(key=f"offers:{late}").exists()
    # and that both have asked within a quarter of an hour is not
    assert Usage.objects.filter(key__in=[f"asked:{early}", f"asked:{late}"]).count() == 2
    assert allowances.clear(NOW + timedelta(minutes=16)) == 3
    assert Usage.objects.count() == 0


def test_a_client_has_another_name_each_day_and_no_address() -> None:
    settings = settings_for(client_header="X-Forwarded-For")
    name = allowances.client_of("203.0.113.7", settings, NOW)

    assert name is not None
    assert len(name) == 64
    assert allowances.client_of("203.0.113.7", settings, NOW + timedelta(hours=14)) == name
    assert allowances.client_of("203.0.113.8", settings, NOW) != name
    assert allowances.client_of("203.0.113.7", settings, NOW + timedelta(days=1)) != name
    assert allowances.client_of("", settings, NOW) is None

"""The rate limit to XCover on PostgreSQL: one rate and one breaker for all workers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import cycle

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_xcover_plugin import installation
from saleor_xcover_plugin.config.settings import PluginSettings, read_settings
from saleor_xcover_plugin.domain.breaker import FIRST_COOLDOWN, PEEK, PROBE, THRESHOLD
from saleor_xcover_plugin.domain.rates import LATE, TEST_RATE, Lane, Rates
from saleor_xcover_plugin.models import XCoverAccount
from saleor_xcover_plugin.outbox.rate_limit import (
    MAX_WAIT,
    CallDeferred,
    RateLimitedTransport,
    WrongStore,
    is_tolerated,
)
from saleor_xcover_plugin.xcover.errors import XCoverMisconfigured, XCoverUnavailable
from saleor_xcover_plugin.xcover.transport import Request, Response

from ...flows.holding import held_rows

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def settings_for(partner: str = "ABCDE", **more: str) -> PluginSettings:
    values = {
        "api_url": "https://xcover.invalid/x",
        "partner_code": partner,
        "api_key": "key",
        "api_secret": "secret",
        **more,
    }
    return read_settings([{"name": name, "value": value} for name, value in values.items()])


@dataclass
class Line:
    """A line to XCover in a time that passes only when somebody waits."""

    now: datetime = START
    script: Iterator[int | Exception] = field(default_factory=lambda: cycle([200]))
    headers: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[str, datetime]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    deadlines: list[float] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def send(self, request: Request, *, deadline: float) -> Response:
        self.deadlines.append(deadline)
        with self.lock:
            self.sent.append((request.operation, self.now))
            outcome = next(self.script)
        if isinstance(outcome, Exception):
            raise outcome
        headers = {"Date": format_datetime(self.now, usegmt=True), **self.headers}
        return Response(outcome, headers, b"{}")

    def transport(
        self, *, max_wait: timedelta | None = None, **settings: str
    ) -> RateLimitedTransport:
        return RateLimitedTransport(
            self, settings_for(**settings), pause=self.pause, max_wait=max_wait
        )

    def times(self) -> list[datetime]:
        return [at for _, at in self.sent]


def call(
    transport: RateLimitedTransport, operation: str = "confirm_offer", key: str = ""
) -> Response:
    headers = {"x-idempotency-key": key} if key else {}
    return transport.send(
        Request(operation, "POST", "https://xcover.invalid", headers, b"{}"), deadline=5
    )


def fail(transport: RateLimitedTransport, times: int, **how: str) -> None:
    for _ in range(times):
        with pytest.raises(XCoverUnavailable):
            call(transport, **how)


def down() -> Line:
    return Line(script=cycle([XCoverUnavailable("no answer")]))


def test_calls_leave_evenly_below_the_allowed_rate() -> None:
    line = Line()
    transport = line.transport()

    for _ in range(200):
        call(transport)

    times = line.times()
    assert max(sum(t <= u < t + SECOND for u in times) for t in times) == 47
    assert timedelta(seconds=4.2) < times[-1] - times[0] < timedelta(seconds=4.3)


def test_workers_share_the_rate() -> None:
    line = Line()
    transports = [line.transport() for _ in range(4)]

    for transport in transports * 25:
        call(transport)

    assert max(sum(t <= u < t + SECOND for u in line.times()) for t in line.times()) == 47


def test_two_accounts_do_not_slow_each_other_down() -> None:
    line = Line()

    call(line.transport(partner="ABCDE"))
    call(line.transport(partner="FGHIJ"))

    assert line.times() == [START, START]
    assert XCoverAccount.objects.count() == 2


def test_other_calls_wait_for_their_own_kind_only() -> None:
    line = Line()
    transport = line.transport()

    for _ in range(10):
        call(transport, "get_booking")
    call(transport, "confirm_offer")

    *others, confirmed = line.times()
    assert others[-1] - others[0] > timedelta(seconds=0.4)
    assert confirmed == others[-1]


def test_a_rush_of_offers_leaves_confirmations_their_part() -> None:
    # given offers asked for without a pause, as fast as the rate limit lets them
    line = Line()
    transport = line.transport()
    reasons: set[bool] = set()
    while line.now < START + 2 * SECOND:
        try:
            call(transport, "create_offer")
        except CallDeferred as error:
            reasons.add(error.is_busy)
            line.now = error.until
        # when each is followed by a confirmation
        call(transport, "confirm_offer")
    # then confirmations got at least what offers may not have, and all stayed below the limit
    assert reasons <= {True}
    confirmed = sum(operation == "confirm_offer" for operation, _ in line.sent)
    assert confirmed >= 2 * 47 * 0.4
    times = line.times()
    assert max(sum(t <= u < t + SECOND for u in times) for t in times) <= 50


def test_a_shopper_is_told_at_once_when_the_rate_is_used_up() -> None:
    line = Line()
    transport = line.transport(calls_per_second="2")
    waited = line.now

    call(transport, "create_offer")
    with pytest.raises(CallDeferred) as caught:
        call(transport, "create_offer")

    assert caught.value.is_busy
    assert line.now == waited
    assert len(line.sent) == 1


def test_the_breaker_opens_for_everybody_and_one_call_tries_later() -> None:
    # given
    line = down()
    fail(line.transport(), THRESHOLD)
    sent = len(line.sent)
    # when others want to call
    with pytest.raises(CallDeferred) as caught:
        call(line.transport())
    # then nobody does before the rest is over
    assert not caught.value.is_busy
    assert caught.value.until == line.now + FIRST_COOLDOWN
    assert len(line.sent) == sent
    # when it is, one tries and others wait for it
    line.now = caught.value.until
    line.script = iter([200, 200])
    call(line.transport())
    call(line.transport())
    assert len(line.sent) == sent + 2
    assert XCoverAccount.objects.get().open_until is None


def test_while_one_call_tries_nobody_else_does() -> None:
    line = down()
    fail(line.transport(), THRESHOLD)
    line.now += FIRST_COOLDOWN
    others: list[CallDeferred] = []

    class Busy(Line):
        def send(self, request: Request, *, deadline: float) -> Response:  # noqa: ARG002
            with pytest.raises(CallDeferred) as caught:
                call(line.transport())
            others.append(caught.value)
            return Response(200, {}, b"{}")

    call(RateLimitedTransport(Busy(now=line.now), settings_for(), pause=line.pause))

    # They look again in a moment, and nothing else that is due is made to wait for a rest.
    assert [(held.until, held.is_busy) for held in others] == [(line.now + PEEK, True)]
    assert PEEK < PROBE


def test_on_a_slow_machine_the_call_that_tries_stands_in_no_way_of_its_own() -> None:
    # given an XCover that is back, and a machine that is late for every turn
    line = down()
    fail(line.transport(), THRESHOLD)
    line.now += FIRST_COOLDOWN

    class Slow(Line):
        def clock(self) -> datetime:
            self.now += 2 * LATE
            return self.now

    slow = Slow(now=line.now)
    # when one call sees whether it is back
    call(RateLimitedTransport(slow, settings_for(), pause=slow.pause))
    # then it leaves, and all others may
    assert len(slow.sent) == 1
    assert XCoverAccount.objects.get().open_until is None


def test_a_turn_taken_before_is_used_by_the_call() -> None:
    line = Line()
    transport = line.transport()
    for _ in range(5):
        call(transport)

    transport.take_turn("confirm_offer")
    taken_at = line.now
    call(transport)
    call(transport)

    assert line.times()[5] == taken_at
    assert line.times()[6] > taken_at


def test_a_turn_of_another_kind_is_not_used_by_the_call() -> None:
    line = Line()
    transport = line.transport()
    call(transport, "get_booking")

    transport.take_turn("confirm_offer")
    call(transport, "get_booking")

    first, second = line.times()
    assert second - first > timedelta(milliseconds=50)


def test_a_turn_is_held_back_before_anything_is_written_down() -> None:
    line = down()
    fail(line.transport(), THRESHOLD)
    sent = len(line.sent)

    with pytest.raises(CallDeferred):
        line.transport().take_turn("confirm_offer")

    assert len(line.sent) == sent


def test_a_try_that_is_given_back_is_made_by_the_next_call() -> None:
    line = down()
    fail(line.transport(), THRESHOLD)
    line.now += FIRST_COOLDOWN
    transport = line.transport()
    transport.take_turn("confirm_offer")
    with pytest.raises(CallDeferred):
        call(line.transport())

    transport.give_back()

    line.script = iter([200])
    call(line.transport())
    assert XCoverAccount.objects.get().open_until is None


def test_a_turn_that_was_used_is_not_given_back() -> None:
    line = down()
    fail(line.transport(), THRESHOLD)
    line.now += FIRST_COOLDOWN
    transport = line.transport()
    transport.take_turn("confirm_offer")
    fail(transport, 1)
    rests_until = XCoverAccount.objects.get().open_until

    transport.give_back()

    assert XCoverAccount.objects.get().open_until == rests_until


def test_a_try_that_cannot_be_given_back_ends_by_itself() -> None:
    # given a try that is not made after all
    line = down()
    fail(line.transport(), THRESHOLD)
    line.now += FIRST_COOLDOWN
    transport = line.transport()
    transport.take_turn("confirm_offer")
    # when another session holds the account's row as it is given back
    with held_rows(XCoverAccount):
        transport.give_back()
    # then the next one is made once the time of this one is over
    line.now += PROBE
    line.script = iter([200])
    call(line.transport())
    assert XCoverAccount.objects.get().open_until is None


def test_a_try_whose_worker_died_is_made_by_another() -> None:
    line = down()
    fail(line.transport(), THRESHOLD)
    line.now += FIRST_COOLDOWN
    XCoverAccount.objects.update(is_trying=True, open_until=line.now + PROBE)
    line.script = iter([200])

    line.now += PROBE
    call(line.transport())

    transport = XCoverAccount.objects.get()
    assert (transport.open_until, transport.is_trying) == (None, False)


def test_one_operation_that_fails_for_ever_closes_the_way_for_nobody() -> None:
    line = down()

    fail(line.transport(), THRESHOLD + 3, key="one-and-the-same")

    assert XCoverAccount.objects.get().open_until is None


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_answer_without_use_counts_as_none(status: int) -> None:
    line = Line(script=cycle([status]))
    transport = line.transport()

    for _ in range(THRESHOLD):
        call(transport)

    with pytest.raises(CallDeferred):
        call(transport)


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_refusal_is_an_answer(status: int) -> None:
    line = Line(script=cycle([status]))
    transport = line.transport()

    for _ in range(THRESHOLD + 1):
        call(transport)

    assert len(line.sent) == THRESHOLD + 1


def test_after_a_429_the_lane_waits_as_long_as_named() -> None:
    line = Line(script=cycle([429, 200]), headers={"Retry-After": "7"})
    transport = line.transport()
    call(transport)

    with pytest.raises(CallDeferred) as caught:
        call(transport)

    assert caught.value.until == line.now + 7 * SECOND
    call(transport, "get_booking")  # another lane
    line.now = caught.value.until
    assert call(transport).status == 429


@pytest.mark.parametrize("named", ["", "soon", "-3", "99999999", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_an_odd_retry_after_is_a_second_or_a_few_minutes(named: str) -> None:
    line = Line(script=cycle([429]), headers={"Retry-After": named})
    call(line.transport())

    with pytest.raises(CallDeferred) as caught:
        call(line.transport())

    assert caught.value.until == line.now + SECOND


def test_a_first_offer_waits_for_the_next_turn_and_others_find_none_free() -> None:
    """With test keys: whoever asks all the time takes only what nobody waits for."""
    line = Line()
    first = line.transport(calls_per_second="2", max_wait=Rates(TEST_RATE).first_offer_wait)
    other = line.transport(calls_per_second="2")
    call(other, "create_offer")
    with pytest.raises(CallDeferred):
        call(other, "create_offer")

    call(first, "create_offer")

    gap = line.sent[1][1] - line.sent[0][1]
    assert timedelta(milliseconds=800) < gap < Rates(TEST_RATE).first_offer_wait
    with pytest.raises(CallDeferred):
        call(other, "create_offer")


def test_what_an_offer_waited_for_its_turn_is_taken_off_its_deadline() -> None:
    line = Line()
    transport = line.transport(calls_per_second="2", max_wait=Rates(TEST_RATE).first_offer_wait)

    for _ in range(2):
        call(transport, "create_offer")

    waited = (line.sent[1][1] - line.sent[0][1]).total_seconds()
    assert line.deadlines == [5, pytest.approx(5 - waited)]
    # a turn of a slow account leaves the call at least half of its time
    transport.send(Request("create_offer", "POST", "https://xcover.invalid", {}, b"{}"), deadline=1)
    assert line.deadlines[-1] == 0.5


@pytest.mark.parametrize("year", ["0100", "1900", "1958", "2100", "9999"])
def test_a_date_of_another_century_stops_no_call(year: str) -> None:
    """It comes from XCover, or from whatever stands before it."""
    line = Line(headers={"Date": f"Mon, 01 Jan {year} 00:00:00 GMT"})

    assert call(line.transport()).status == 200

    skew = XCoverAccount.objects.get().clock_skew
    assert abs(skew) > 10**9
    assert (skew < 0) == (int(year) > 2026)


def test_a_defect_while_writing_down_stops_no_call(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object) -> int:
        raise ValueError("a defect")

    monkeypatch.setattr("saleor_xcover_plugin.outbox.rate_limit._skew", break_down)

    assert call(Line().transport()).status == 200
    assert "xcover.rate_limit.failed" in caplog.messages


def test_a_clock_that_is_off_and_refused_credentials_are_written_down_and_forgotten() -> None:
    # given
    line = Line(script=cycle([401]))
    theirs = line.now - timedelta(minutes=10)
    line.headers = {"Date": format_datetime(theirs, usegmt=True)}
    # when
    call(line.transport())
    # then
    transport = XCoverAccount.objects.get()
    assert (transport.clock_skew, transport.refused_since) == (600, line.now)
    # when all is well again
    line.script, line.headers = cycle([200]), {}
    call(line.transport())
    transport.refresh_from_db()
    assert (transport.clock_skew, transport.refused_since) == (0, None)


def test_an_ordinary_answer_writes_nothing(
    django_assert_num_queries: Callable[..., object],
) -> None:
    line = Line()
    call(line.transport())
    line.now += SECOND
    before = XCoverAccount.objects.get().updated_at

    # BEGIN, read under lock, write, COMMIT
    with django_assert_num_queries(4):
        call(line.transport())

    assert XCoverAccount.objects.get().updated_at == line.now > before


def test_an_address_that_may_not_be_called_is_no_failure_of_xcover() -> None:
    line = Line(script=cycle([XCoverMisconfigured("the address may not be called")]))

    for _ in range(THRESHOLD + 1):
        with pytest.raises(XCoverMisconfigured):
            call(line.transport())

    assert XCoverAccount.objects.get().open_until is None


def test_many_at_once_take_one_turn_each() -> None:
    # given 8 threads at a new account, in real time
    class Real(Line):
        def clock(self) -> datetime:
            return datetime.now(UTC)

    line = Real()
    barrier, failures = threading.Barrier(8), []

    def work() -> None:
        try:
            barrier.wait()
            for _ in range(5):
                call(RateLimitedTransport(line, settings_for(calls_per_second="1000")))
        except Exception as error:  # told by the test below
            failures.append(error)
        finally:
            connection.close()

    # when
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # then
    assert failures == []
    assert len(line.sent) == 40
    assert XCoverAccount.objects.count() == 1


def test_a_database_of_another_store_calls_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a database that is bound to production
    line = Line()
    transport = line.transport()
    monkeypatch.setenv("XCOVER_INSTANCE", "production")
    installation.bind(START)
    call(transport)
    # when its copy runs as staging
    monkeypatch.setenv("XCOVER_INSTANCE", "staging")
    for operation in ("create_offer", "confirm_offer", "get_booking"):
        with pytest.raises(WrongStore, match="xcover_adopt") as held:
            call(transport, operation)
        assert held.value.until == line.now + timedelta(minutes=1)
        assert not held.value.is_busy
    # then nothing left, and nothing counts as a failure of XCover's
    assert len(line.sent) == 1
    assert XCoverAccount.objects.get().failures == 0
    # and it goes on where it belongs
    monkeypatch.setenv("XCOVER_INSTANCE", "production")
    call(transport)
    assert len(line.sent) == 2


def test_how_long_a_call_waits_for_its_turn() -> None:
    assert {
        Lane.OFFER: timedelta(milliseconds=100),
        Lane.CONFIRM: 5 * SECOND,
        Lane.OTHER: 5 * SECOND,
    } == MAX_WAIT


@pytest.mark.parametrize(
    ("operation", "limit"), [("create_offer", "100"), ("confirm_offer", "5000")]
)
def test_a_row_that_another_session_holds_is_a_matter_of_a_moment(
    operation: str, limit: str
) -> None:
    # given
    line = Line()
    call(line.transport())
    # when
    with (
        held_rows(XCoverAccount),
        CaptureQueriesContext(connection) as queries,
        pytest.raises(CallDeferred) as caught,
    ):
        call(line.transport(), operation)
    # then a shopper waited for a tenth of a second, a worker for five
    assert any(f"lock_timeout = {limit};" in query["sql"] for query in queries)
    assert (caught.value.until, caught.value.is_busy) == (line.now + SECOND, True)
    assert str(caught.value).startswith(f"{operation}: another database session")
    assert len(line.sent) == 1


def test_who_is_held_back_reads_which_call_it_was() -> None:
    line = down()
    fail(line.transport(), THRESHOLD)

    with pytest.raises(CallDeferred, match=r"^get_booking: XCover does not answer; not called$"):
        call(line.transport(), "get_booking")
    with pytest.raises(CallDeferred, match=r"^confirm_offer: XCover does not answer; not called$"):
        line.transport().take_turn("confirm_offer")


def test_logs_tell_of_a_breaker_that_opens_and_of_a_rate_that_is_slowed_down(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", logger="saleor_xcover_plugin")
    line = down()
    fail(line.transport(), THRESHOLD)
    line.now += FIRST_COOLDOWN
    line.script, line.headers = iter([429]), {"Retry-After": "7"}
    call(line.transport())

    told = {record.message: record for record in caplog.records}
    assert list(told) == ["xcover.breaker.opened", "xcover.breaker.closed", "xcover.throttled"]
    assert told["xcover.breaker.opened"].failures == THRESHOLD  # type: ignore[attr-defined]
    assert told["xcover.throttled"].seconds == 7  # type: ignore[attr-defined]


@pytest.mark.parametrize(("status", "is_refused"), [(200, False), (400, True), (404, True)])
def test_only_an_answer_that_was_let_in_ends_a_refusal(status: int, is_refused: bool) -> None:
    line = Line(script=iter([403, status]))
    transport = line.transport()

    call(transport)
    call(transport)

    assert (XCoverAccount.objects.get().refused_since is not None) is is_refused


@pytest.mark.parametrize(("seconds", "is_no_incident"), [(60, True), (-60, True), (61, False)])
def test_a_clock_may_be_a_minute_off(seconds: int, is_no_incident: bool) -> None:
    line = Line()
    line.headers = {"Date": format_datetime(line.now - seconds * SECOND, usegmt=True)}

    call(line.transport())

    assert is_tolerated(seconds) is is_no_incident
    assert XCoverAccount.objects.get().clock_skew == (0 if is_no_incident else seconds)

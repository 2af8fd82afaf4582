"""XCover's webhooks are hints: verified, journaled once, acted on only after asking XCover."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import requests

from testkit.client.driver import PLUGIN_ID
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.saleor.serving import served
from testkit.simulator import SimulatorProcess
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]
Send = Callable[..., list[list[int]]]
KEYS = {"webhook_key": "our-key", "webhook_secret": "our-secret"}


@pytest.fixture
def address(store: Store, staff: Staff) -> Iterator[str]:
    """Serve Saleor on a port of its own and return where XCover may call it."""
    staff.configure_plugin(store.usd_unpaid, KEYS)
    with served() as base:
        yield f"{base}/plugins/channel/{store.usd_unpaid.slug}/{PLUGIN_ID}/events"


@pytest.fixture
def send(address: str, simulator: SimulatorProcess) -> Send:
    """Have XCover send a webhook; return the statuses it was answered with, per copy."""

    def order(event: str, booking_id: str, **how: object) -> list[list[int]]:
        simulator.settings(webhook_url=address, webhook_attempts=1, **KEYS)
        sent = simulator.send_webhook(event, booking_id, **how)
        simulator.settings(webhook_url=None)
        return [[attempt["status"] for attempt in copy["attempts"]] for copy in sent]

    return order


@pytest.fixture
def insured(
    store: Store, shopper: SendShopper, staff: Staff, work: Work, simulator: SimulatorProcess
) -> Shopper:
    """A buyer with a confirmed policy."""
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    staff.mark_as_paid(ada.complete().id)
    work()
    return ada


def cancel_at_xcover(simulator: SimulatorProcess, booking_id: str) -> None:
    """Cancel as the buyer can, on XCover's own pages: without this store."""
    from saleor_xcover_plugin.xcover.client import Credentials, XCoverClient
    from saleor_xcover_plugin.xcover.payloads import cancellation_preview_body
    from saleor_xcover_plugin.xcover.transport import HttpTransport

    with requests.Session() as session:
        credentials = Credentials(simulator.base_url, "ABCDE", "demo-key", "demo-secret-0001")
        xcover = XCoverClient(credentials, HttpTransport(session, clock=lambda: datetime.now(UTC)))
        quotes = [quote.id for quote in xcover.get_booking(booking_id).quotes]
        preview = xcover.preview_cancellation(
            booking_id, cancellation_preview_body(quotes, "No longer wanted"), idempotency_key="a"
        )
        xcover.confirm_cancellation(booking_id, preview.cancellation_id, idempotency_key="b")


def journal() -> list[tuple[str, str]]:
    from saleor_xcover_plugin.models import ReceivedNotification

    return list(ReceivedNotification.objects.order_by("pk").values_list("event", "outcome"))


def status_of(shopper: Shopper) -> str:
    cover = shopper.cover()
    assert cover is not None
    return cover.status


def policy_of(shopper: Shopper) -> str:
    cover = shopper.cover()
    assert cover is not None
    assert cover.policy_number
    return cover.policy_number


def test_a_policy_cancelled_at_xcover_is_noticed_once(
    insured: Shopper, staff: Staff, work: Work, simulator: SimulatorProcess, send: Send
) -> None:
    # given the buyer cancels at XCover
    policy = policy_of(insured)
    cancel_at_xcover(simulator, policy)
    assert status_of(insured) == "confirmed"
    # when XCover says so, twice
    assert send("BOOKING_CANCELLED", policy, repeat=2) == [[200], [200]]
    work()
    work()
    # then the order knows, staff were told once, and nothing was asked of XCover twice
    assert status_of(insured) == "cancelled"
    assert journal() == [("BOOKING_CANCELLED", "cover cancelled")]
    notes = staff.order(insured.order_id).notes
    assert len([note for note in notes if "was cancelled at XCover" in note]) == 1
    assert len(simulator.calls("cancel")) == 1  # the buyer's own


def test_where_xcover_pays_the_buyer_itself_the_note_says_so(
    insured: Shopper, staff: Staff, work: Work, simulator: SimulatorProcess, send: Send
) -> None:
    policy = policy_of(insured)
    simulator.settings(xpay_refund_enabled=True)
    cancel_at_xcover(simulator, policy)

    assert send("BOOKING_CANCELLED", policy) == [[200]]
    work()

    assert staff.order(insured.order_id).has_note(
        "XCover says it refunds this buyer itself: refund nothing for the protection"
    )
    cover = insured.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("cancelled", 0)


def test_what_a_webhook_claims_is_not_believed(
    insured: Shopper, work: Work, send: Send, simulator: SimulatorProcess
) -> None:
    # The signature does not cover the body: a notification of a cancellation that never was.
    assert send("BOOKING_CANCELLED", policy_of(insured)) == [[200]]
    work()

    assert status_of(insured) == "confirmed"
    assert journal() == [("BOOKING_CANCELLED", "nothing to do")]


def say_cancelled(address: str, policy: str) -> int:
    """Tell, as XCover or somebody who overheard it may, that a policy was cancelled."""
    from saleor_xcover_plugin.xcover.signing import sign

    payload = {"id": policy, "status": "CANCELLED", "quotes": []}
    body = json.dumps({"event": "BOOKING_CANCELLED", "payload": payload}).encode()
    headers = sign("our-key", "our-secret", datetime.now(UTC), algorithm="hmac-sha256")
    return requests.post(address, data=body, headers=headers, timeout=10).status_code


def test_the_same_news_may_be_true_the_second_time(
    insured: Shopper, work: Work, address: str, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import ReceivedNotification

    # given a notification of a cancellation that had not happened
    policy = policy_of(insured)
    assert say_cancelled(address, policy) == 200
    work()
    assert journal() == [("BOOKING_CANCELLED", "nothing to do")]
    # when it happens, and the same is said again
    cancel_at_xcover(simulator, policy)
    assert say_cancelled(address, policy) == 200
    # then it is not looked at right away: the first look was less than a minute ago
    asked = len(simulator.calls("get_booking"))
    work()
    assert len(simulator.calls("get_booking")) == asked
    # and then it is, once
    ReceivedNotification.objects.update(next_attempt_at=datetime.now(UTC))
    work()
    work()
    assert status_of(insured) == "cancelled"
    assert journal() == [("BOOKING_CANCELLED", "cover cancelled")]
    assert len(simulator.calls("get_booking")) == asked + 1


def test_news_that_comes_again_while_it_is_looked_at_is_looked_at_again(
    insured: Shopper, work: Work, address: str, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.models import ReceivedNotification
    from saleor_xcover_plugin.operations.webhook_inbox import handle_due

    # given a notification of a cancellation to come
    policy = policy_of(insured)
    say_cancelled(address, policy)
    times = iter([utc_now()])

    def clock() -> datetime:
        # when XCover was asked, and then the policy is cancelled and the same is said again
        if next(times, None) is None and not simulator.calls("cancel"):
            cancel_at_xcover(simulator, policy)
            assert say_cancelled(address, policy) == 200
        return utc_now()

    assert handle_due(clock, limit=1) == 1
    assert status_of(insured) == "confirmed"
    assert ReceivedNotification.objects.count() == 1
    # then it is not done with
    ReceivedNotification.objects.update(next_attempt_at=datetime.now(UTC))
    work()
    assert status_of(insured) == "cancelled"


@pytest.mark.parametrize(
    "how", [{"signed": "badly"}, {"signed": False}, {"date_offset_seconds": -600}]
)
def test_a_forged_or_replayed_webhook_leaves_nothing_behind(
    insured: Shopper, work: Work, send: Send, simulator: SimulatorProcess, how: dict[str, object]
) -> None:
    cancel_at_xcover(simulator, policy_of(insured))

    assert send("BOOKING_CANCELLED", policy_of(insured), **how) == [[403]]
    work()

    assert journal() == []
    assert status_of(insured) == "confirmed"


def test_news_of_an_unknown_booking_is_kept_for_a_person(
    insured: Shopper, store: Store, work: Work, send: Send
) -> None:
    from saleor_xcover_plugin.models import Cover

    policy = policy_of(insured)
    Cover.objects.update(booking_id="OTHER-00000-INS")

    assert send("BOOKING_UPDATED", policy) == [[200]]
    work()

    assert journal() == [("BOOKING_UPDATED", "unknown booking")]


def test_xcover_down_right_after_its_webhook_is_asked_again_later(
    insured: Shopper, work: Work, send: Send, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import ReceivedNotification

    policy = policy_of(insured)
    cancel_at_xcover(simulator, policy)
    send("BOOKING_CANCELLED", policy)
    simulator.fault("get_booking", "html", times=1)

    work()
    assert status_of(insured) == "confirmed"
    work()
    assert status_of(insured) == "confirmed"  # not before its time
    ReceivedNotification.objects.update(next_attempt_at=datetime.now(UTC))
    work()
    assert status_of(insured) == "cancelled"


def test_rubbish_with_a_good_signature_is_answered_200_and_dropped(address: str) -> None:
    from saleor_xcover_plugin.xcover.signing import sign

    for body in (b"", b"[]", b"{", b'{"event": 1}', b"[" * 5000, b"x" * 70_000):
        headers = sign("our-key", "our-secret", datetime.now(UTC), algorithm="hmac-sha256")
        answer = requests.post(address, data=body, headers=headers, timeout=10)
        assert answer.status_code == 200
    assert requests.get(address, timeout=10).status_code == 405
    assert journal() == []

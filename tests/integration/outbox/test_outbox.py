"""The outbox on PostgreSQL: nothing lost, nothing sent by two, one key for life."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from saleor_xcover_plugin import installation
from saleor_xcover_plugin.crypto import encrypt
from saleor_xcover_plugin.domain.messages import DELIVERY, MessageKind
from saleor_xcover_plugin.domain.reasons import ReasonCode
from saleor_xcover_plugin.domain.sending import Sending
from saleor_xcover_plugin.domain.states import MessageState, TransitionRefused
from saleor_xcover_plugin.models import OutboxMessage
from saleor_xcover_plugin.outbox import claims
from saleor_xcover_plugin.outbox import message_queue as outbox

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)


def append(operation_id="order-1:1", kind="confirm", now=NOW):
    return outbox.add(kind, operation_id, subject_id=1, channel_id=1, now=now)


def claim(now=NOW, limit=10):
    return claims.claim(now, limit=limit)


def test_an_operation_is_recorded_once_with_one_key_for_life():
    first, second = append(), append(now=NOW + timedelta(hours=1))

    assert OutboxMessage.objects.count() == 1
    assert first.idempotency_key == second.idempotency_key
    assert append("order-2:2").idempotency_key != first.idempotency_key


def test_a_decision_rolled_back_sends_nothing():
    def decide_and_fail():
        with transaction.atomic():
            append()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        decide_and_fail()

    assert claim() == []


def test_confirmations_go_before_opt_outs():
    append("offer-1", "opt_out")
    append("order-1:1", "confirm")

    assert [message.kind for message in claim()] == ["confirm", "opt_out"]


def test_a_claimed_message_is_nobody_elses_until_its_lease_lapses():
    append()

    assert len(claim()) == 1
    assert claim(NOW + claims.LEASE - timedelta(seconds=1)) == []
    assert [message.attempts for message in claim(NOW + claims.LEASE)] == [2]


def test_a_worker_that_was_overtaken_records_nothing():
    append()
    slow = claim()[0]
    fast = claim(NOW + claims.LEASE)[0]

    with transaction.atomic():
        assert outbox.lock(slow) is None
        assert outbox.lock(fast) is not None


def test_two_workers_never_claim_the_same_message():
    for number in range(40):
        append(f"order-{number}:1")
    claimed, barrier = [], threading.Barrier(4)

    def work():
        barrier.wait()
        while mine := claim(limit=1):
            claimed.extend(message.pk for message in mine)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(claimed) == sorted(OutboxMessage.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 60),
        ("6", 6),
        ("600", 600),
        ("4", 60),
        ("601", 60),
        ("-6", 60),
        ("six", 60),
        ("6.5", 60),
    ],
)
def test_a_lease_is_shortened_by_one_variable_and_safe_otherwise(text, seconds):
    lease = claims.lease_from({"XCOVER_LEASE_SECONDS": text})

    assert lease == timedelta(seconds=seconds)
    assert claims.lease_from({}) == claims.SAFE_LEASE == timedelta(seconds=60)


def test_what_was_sent_is_kept_encrypted_and_erased_when_settled():
    append()
    message = claim()[0]
    assert (message.sending, outbox.sent_body(message)) == ("never_sent", None)

    assert outbox.mark_sent(message, b'{"email":"ana@example.com"}', "account", NOW)
    stored = OutboxMessage.objects.get()
    assert stored.is_unknown
    assert b"ana@example.com" not in bytes(stored.sealed_body)
    assert outbox.sent_body(stored) == b'{"email":"ana@example.com"}'

    outbox.settle(stored, NOW)
    assert OutboxMessage.objects.get().sealed_body is None


def test_what_was_not_carried_out_is_forgotten():
    append()
    message = claim()[0]
    outbox.mark_sent(message, b"{}", "account", NOW)

    outbox.mark_not_done(message, Sending.DEFINITELY_REFUSED, NOW)

    stored = OutboxMessage.objects.get()
    assert (stored.sending, stored.sealed_body) == ("definitely_refused", None)
    assert not stored.is_unknown


def test_a_worker_that_was_overtaken_may_not_send():
    append()
    slow = claim()[0]
    claim(NOW + claims.LEASE)

    assert not outbox.mark_sent(slow, b"{}", "account", NOW + claims.LEASE)
    assert OutboxMessage.objects.get().sending == "never_sent"


def test_only_the_account_it_was_sent_to_can_tell_what_became_of_it():
    append()
    message = claim()[0]
    outbox.mark_sent(message, b"{}", "one", NOW)

    stored = OutboxMessage.objects.get()
    assert not outbox.is_of_other_account(stored, "one")
    assert outbox.is_of_other_account(stored, "two")
    outbox.mark_not_done(message, Sending.DEFINITELY_REFUSED, NOW)
    assert not outbox.is_of_other_account(OutboxMessage.objects.get(), "two")


def test_a_body_kept_by_a_version_without_the_column_counts_as_sent():
    append()
    OutboxMessage.objects.update(sealed_body=encrypt(b"{}"))

    assert OutboxMessage.objects.get().is_unknown


def test_the_database_itself_knows_the_default_of_the_column():
    """A worker of the version before appends without naming it."""
    append()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_default FROM information_schema.columns"
            " WHERE table_name = 'saleor_xcover_plugin_outboxmessage' AND column_name = 'sending'"
        )
        (default,) = cursor.fetchone()

    assert default.startswith("'never_sent'")


def test_a_dropped_message_still_may_have_been_carried_out():
    append()
    message = claim()[0]
    outbox.mark_sent(message, b"{}", "account", NOW)
    outbox.drop(OutboxMessage.objects.get(), "no longer wanted", NOW)

    again = append()

    assert (again.sending, again.sealed_body) == ("outcome_unknown", None)
    assert again.is_unknown


def test_a_body_sealed_with_a_lost_key_is_lost_until_the_key_is_back(settings):
    append()
    message = claim()[0]
    outbox.mark_sent(message, b"{}", "account", NOW)

    settings.SECRET_KEY = "rotated"
    assert outbox.sent_body(OutboxMessage.objects.get()) is None
    assert OutboxMessage.objects.get().is_unknown
    settings.SECRET_KEY_FALLBACKS = ["only-for-tests"]
    assert outbox.sent_body(OutboxMessage.objects.get()) == b"{}"


def test_waiting_is_a_column_that_grows_and_honours_retry_after():
    append()
    waits = []
    now = NOW
    for _ in range(5):
        message = claim(now)[0]
        outbox.retry_later(message, "XCover did not answer", now, jitter=0.5)
        now = OutboxMessage.objects.get().next_attempt_at
        waits.append((now - message.updated_at).total_seconds())

    assert waits == [5, 30, 120, 300, 300]
    message = claim(now)[0]
    outbox.retry_later(message, "throttled", now, retry_after=900, jitter=0)
    assert OutboxMessage.objects.get().next_attempt_at == now + timedelta(seconds=900)
    assert claim(now + timedelta(seconds=899)) == []


def test_after_the_last_attempt_nothing_is_planned():
    append("offer-1", "opt_out")
    message = claim()[0]
    message.save_fields(NOW, attempts=DELIVERY[MessageKind.OPT_OUT].max_attempts)

    assert outbox.retry_later(message, "still down", NOW) is False


def test_a_parked_message_waits_for_a_person_and_keeps_key_and_body():
    append()
    message = claim()[0]
    key = message.idempotency_key
    outbox.mark_sent(message, b"{}", "account", NOW)
    message = OutboxMessage.objects.get()
    outbox.park(message, "XCover refused the phone number.", NOW, reason="refused")

    assert claim(NOW + timedelta(days=1)) == []
    outbox.replay(OutboxMessage.objects.get(), NOW)
    again = claim()[0]
    assert (again.idempotency_key, outbox.sent_body(again), again.attempts) == (key, b"{}", 1)


def test_what_waits_for_credentials_is_replayed_in_its_channel_only():
    append("order-1:1")
    outbox.add("confirm", "order-2:1", subject_id=2, channel_id=2, now=NOW)
    for message in claim():
        outbox.park(message, "refused", NOW, reason=ReasonCode.CREDENTIALS_REFUSED)

    outbox.replay_refused(1, NOW)

    assert [message.channel_id for message in claim()] == [1]


def test_a_dropped_message_comes_back_under_its_old_key():
    key = append().idempotency_key
    outbox.drop(claim()[0], "no longer paid", NOW)
    assert claim() == []

    assert append().idempotency_key == key
    assert len(claim()) == 1


def test_a_settled_message_is_never_sent_again():
    append()
    outbox.settle(claim()[0], NOW)

    append()
    assert claim(NOW + timedelta(days=30)) == []
    with pytest.raises(TransitionRefused):
        outbox.replay(OutboxMessage.objects.get(), NOW)
    assert OutboxMessage.objects.get().status == MessageState.SETTLED


def test_every_kind_of_call_has_its_rank_and_its_number_of_attempts():
    assert set(DELIVERY) == set(MessageKind)
    assert sorted(each.priority for each in DELIVERY.values()) == list(range(6))
    assert {kind: each.max_attempts for kind, each in DELIVERY.items()} == {
        "confirm": 288,
        "confirm_cancellation": 288,
        "preview_cancellation": 48,
        "confirm_modification": 288,
        "preview_modification": 288,
        "opt_out": 24,
    }


def test_the_key_is_of_the_kind_and_the_operation():
    message = append()

    assert message.idempotency_key == installation.key_of("confirm", "order-1:1")
    assert append(kind="opt_out").idempotency_key == installation.key_of("opt_out", "order-1:1")


def test_a_row_somebody_else_works_on_is_passed_by():
    append("order-1:1")
    append("order-2:1")
    held = OutboxMessage.objects.order_by("pk").first()
    claimed = []

    def work():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        claimed.extend(message.pk for message in claim())
        connection.close()

    with transaction.atomic():
        OutboxMessage.objects.select_for_update().get(pk=held.pk)
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()

    assert claimed == list(OutboxMessage.objects.exclude(pk=held.pk).values_list("pk", flat=True))


def test_five_workers_that_died_in_a_row_make_a_message_poison():
    append()
    now, crash_count = NOW, []
    for _ in range(6):
        message = claim(now)[0]
        crash_count.append((message.crash_count, outbox.is_poison(message)))
        now += claims.LEASE

    assert crash_count == [(0, False), (1, False), (2, False), (3, False), (4, False), (5, True)]


def test_a_worker_that_lived_ends_the_row_of_crashes():
    append()
    claim()
    message = claim(NOW + claims.LEASE)[0]
    assert message.crash_count == 1
    outbox.retry_later(message, "no answer", NOW + claims.LEASE)

    assert claim(NOW + timedelta(hours=1))[0].crash_count == 0


def test_what_is_due_is_counted_up_to_a_limit():
    for number in range(3):
        append(f"order-{number}:1")
    append("order-9:1", now=NOW + timedelta(minutes=1))

    assert claims.due_count(NOW, limit=10) == 3
    assert claims.due_count(NOW, limit=2) == 2
    assert claims.due_count(NOW - timedelta(minutes=1), limit=10) == 0


def replaced(body=b"{}"):
    """Append a message that was sent, and one that took its place; return both."""
    append("order-1:1")
    (first,) = claims.claim(NOW, limit=1)
    outbox.mark_sent(first, body, "account", NOW)
    first.refresh_from_db()
    outbox.replace(first, "Replaced.", NOW)
    again = append("order-1:1:again")
    with transaction.atomic():
        outbox.stand_for(again, first, NOW)
    return first, again


def test_a_message_stands_for_an_earlier_one_without_being_bound():
    first, again = replaced()

    stored = OutboxMessage.objects.get(pk=again.pk)
    assert (stored.sending, stored.sent_to, stored.sealed_body) == (
        "earlier_unknown",
        "account",
        None,
    )
    assert (stored.is_unknown, stored.is_bound) == (True, False)
    assert outbox.is_of_other_account(stored, "another")
    assert stored.idempotency_key != first.idempotency_key


def test_what_was_sent_is_kept_while_another_message_stands_for_it(settings):
    first, again = replaced(b"secret")

    with transaction.atomic():
        assert outbox.earlier_that_opens(again) == first
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", []
    with transaction.atomic():
        assert outbox.earlier_that_opens(again) is None
    assert outbox.has_sealed(again)


def test_what_is_known_not_to_be_done_is_known_of_what_was_replaced():
    first, _ = replaced()
    (again,) = claims.claim(NOW, limit=1)
    of_another_kind = append("order-1:1", "opt_out")
    OutboxMessage.objects.filter(pk=of_another_kind.pk).update(sending="outcome_unknown")

    outbox.mark_not_done(again, Sending.EARLIER_UNKNOWN, NOW)  # turned away: tells nothing
    first.refresh_from_db()
    assert first.is_bound
    outbox.mark_not_done(again, Sending.DEFINITELY_REFUSED, NOW)

    first.refresh_from_db()
    assert (first.sending, first.sealed_body) == ("definitely_refused", None)
    of_another_kind.refresh_from_db()
    assert of_another_kind.sending == "outcome_unknown"


@pytest.mark.parametrize("end", ["settle", "drop"])
def test_what_was_sent_goes_with_the_message_that_stands_for_it(end):
    first, again = replaced()
    other = append("order-2:1")
    OutboxMessage.objects.filter(pk=other.pk).update(sealed_body=b"of another")

    outbox.settle(again, NOW) if end == "settle" else outbox.drop(again, "Over.", NOW)

    first.refresh_from_db()
    other.refresh_from_db()
    assert (first.status, first.sealed_body) == ("dropped", None)
    assert bytes(other.sealed_body) == b"of another"


def test_a_settled_message_belongs_to_no_worker_and_says_nothing_more():
    append()
    outbox.retry_later(claim()[0], "no answer", NOW)
    message = claim(NOW + timedelta(hours=1))[0]

    outbox.settle(message, NOW)

    stored = OutboxMessage.objects.get()
    assert (stored.leased_until, stored.last_error, stored.settled_at) == (None, "", NOW)


def test_a_dropped_message_belongs_to_no_worker_and_says_why():
    append()

    outbox.drop(claim()[0], "no longer paid", NOW)

    stored = OutboxMessage.objects.get()
    assert (stored.leased_until, stored.last_error) == (None, "no longer paid")
    assert stored.settled_at == NOW


def test_a_call_that_was_held_back_uses_up_no_attempt():
    message = append()
    outbox.defer(message, NOW + timedelta(minutes=1), NOW)
    assert OutboxMessage.objects.get().attempts == 0

    message = claim(NOW + timedelta(minutes=1))[0]
    outbox.defer(message, NOW + timedelta(days=1), NOW)

    stored = OutboxMessage.objects.get()
    assert (stored.attempts, stored.leased_until) == (0, None)
    assert stored.next_attempt_at == NOW + outbox.MAX_DELAY


def test_what_is_due_in_a_channel_waits_together():
    append("order-1:1")
    append("order-2:1")
    append("order-3:1", now=NOW + timedelta(minutes=5))
    outbox.add("confirm", "order-4:1", subject_id=4, channel_id=2, now=NOW)
    until = NOW + timedelta(minutes=2)

    assert claims.defer_due(1, until, NOW) == 2

    waits = OutboxMessage.objects.order_by("pk").values_list("next_attempt_at", flat=True)
    assert list(waits) == [until, until, NOW + timedelta(minutes=5), NOW]


def test_a_replayed_message_begins_without_a_past():
    append()
    claim()
    message = claim(NOW + claims.LEASE)[0]
    outbox.park(message, "refused", NOW, reason="refused")
    OutboxMessage.objects.update(leased_until=NOW + timedelta(seconds=30))

    outbox.replay(OutboxMessage.objects.get(), NOW)

    stored = OutboxMessage.objects.get()
    assert (stored.attempts, stored.crash_count, stored.leased_until) == (0, 0, None)
    assert (stored.reason_code, stored.next_attempt_at) == ("", NOW)


def test_saved_credentials_replay_nothing_that_waits_for_a_person():
    append("order-1:1")
    append("order-2:1")
    refused, unclear = claim()
    outbox.park(refused, "refused", NOW, reason=ReasonCode.CREDENTIALS_REFUSED)
    outbox.park(unclear, "XCover refused the phone number.", NOW, reason="refused")

    assert [message.pk for message in outbox.replay_refused(1, NOW)] == [refused.pk]

    assert [message.pk for message in claim()] == [refused.pk]


def test_what_waits_for_an_account_is_found_by_it():
    append("order-1:1")
    append("order-2:1")
    append("order-3:1")
    mine, others, refused = claim()
    for message, account in ((mine, "one"), (others, "two"), (refused, "one")):
        outbox.mark_sent(message, b"{}", account, NOW)
    for message, reason in (
        (mine, ReasonCode.OTHER_ACCOUNT),
        (others, ReasonCode.OTHER_ACCOUNT),
        (refused, "refused"),
    ):
        outbox.park(OutboxMessage.objects.get(pk=message.pk), "waits", NOW, reason=reason)

    assert outbox.parked_for([1], "one") == [mine.pk]
    assert outbox.parked_for([2], "one") == []


def test_what_waited_for_a_person_ends_with_its_subject():
    append("order-1:1")
    append("order-1:1", "opt_out")
    outbox.add("confirm", "order-2:1", subject_id=2, channel_id=1, now=NOW)
    for message in claim():
        outbox.park(message, "refused", NOW, reason="refused")

    with transaction.atomic():
        outbox.drop_parked(["confirm"], 1, "the cover is void", NOW)

    found = OutboxMessage.objects.order_by("pk").values_list("kind", "subject_id", "status")
    assert list(found) == [
        ("confirm", 1, "dropped"),
        ("opt_out", 1, "parked"),
        ("confirm", 2, "parked"),
    ]

"""What an error tracker is told when something of ours fails: neither people nor secrets."""

from __future__ import annotations

import io
import logging
import random
import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import sentry_sdk
from django.core.management import call_command

from testkit.client.driver import Driver
from testkit.client.insurance_desk import InsuranceDesk
from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.seed import PARTNER
from testkit.simulator import SimulatorProcess
from testkit.steps import TOTAL
from testkit.work import Work

from ..deep.counts import count
from .calling import CALLED, Scene, key_of
from .stumbling import Act, at_each_step, function_that_fails
from .tracker import Tracker, sent, tracking

SendShopper = Callable[[Channel], Shopper]
EVERY = count("steps between failures")


@dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody whose every detail is a word nobody else has."""

    address: Mapping[str, str]
    email: str

    @property
    def details(self) -> list[str]:
        known = {"firstName", "lastName", "streetAddress1", "phone"}
        return [*(self.address[name] for name in sorted(known)), self.email]


def word() -> str:
    return "".join(random.choices(string.ascii_lowercase, k=12)).capitalize()  # noqa: S311


@pytest.fixture
def buyer() -> Buyer:
    given = {
        "firstName": word(),
        "lastName": word(),
        "streetAddress1": f"1 {word()} Street",
        "phone": f"+1212555{random.randint(1000, 9999)}",  # noqa: S311
    }
    return Buyer({**NEW_YORK, **given}, f"{word().lower()}@example.com")


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracker]:
    monkeypatch.delenv("XCOVER_RAISE_IN_HOOKS", raising=False)
    with tracking() as tracker:
        yield tracker


@pytest.fixture
def scene(
    buyer: Buyer,
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
) -> Scene:
    def accepted() -> Shopper:
        one = shopper(store.usd)
        one.create_checkout({store.concert: 2}, billing=buyer.address, email=buyer.email)
        one.accept(one.offer())
        return one

    ada = accepted()
    payments.charge(ada.checkout_id, TOTAL)
    order = ada.complete()
    work()
    return Scene(order.id, accepted().checkout_id, store.usd)


def quoting(buyer: Buyer) -> str:
    """Return an error of PostgreSQL's that quotes the row which was to be written."""
    return f"null value in a column\nDETAIL:  Failing row contains ({', '.join(buyer.details)})."


def assert_nothing_leaked(tracker: Tracker, buyer: Buyer, logged: str) -> None:
    secrets = [PARTNER["api_key"], PARTNER["api_secret"]]
    for known in (*tracker.envelopes, logged):
        leaked = [one for one in (*buyer.details, *secrets) if one in known]
        places = [line[:2000] for line in known.splitlines() if any(one in line for one in leaked)]
        assert not leaked, places[:1]


def ready_to_call(hook: str, scene: Scene) -> Act:
    call = scene.ready(hook)

    def act() -> None:
        with suppress(Exception):  # the one refusal a hook may give, for the shopper
            call()

    return act


def at_once(act: Act) -> Callable[[], Act]:
    """Return what gets ready for an act that needs nothing."""
    return lambda: act


def test_every_hook_fails_at_its_statements(
    scene: Scene, buyer: Buyer, tracker: Tracker, caplog: pytest.LogCaptureFixture
) -> None:
    # when statements of each hook fail in turn, quoting the buyer
    failed = {
        hook: at_each_step(partial(ready_to_call, hook, scene), quoting(buyer), every=EVERY)
        for hook in CALLED
    }
    # then the tracker hears of it, and nothing of the buyer
    assert min(failed.values()) >= 1
    assert len(sent(tracker)) >= len(failed)
    assert_nothing_leaked(tracker, buyer, caplog.text)


def test_hooks_fail_in_their_functions(
    scene: Scene, buyer: Buyer, tracker: Tracker, caplog: pytest.LogCaptureFixture
) -> None:
    hooks = ("checkout_updated", "preprocess_order_creation", "order_updated")
    failed = {
        hook: at_each_step(
            partial(ready_to_call, hook, scene),
            quoting(buyer),
            way=function_that_fails,
            every=3 * EVERY,
        )
        for hook in hooks
    }
    assert min(failed.values()) >= 2
    assert len(sent(tracker)) >= len(failed)
    assert_nothing_leaked(tracker, buyer, caplog.text)


@pytest.fixture
def corrected(scene: Scene, buyer: Buyer, staff: Staff, simulator: SimulatorProcess) -> Scene:
    """The scene with something to send: the buyer's phone was corrected."""
    staff.update_order(scene.order_id, billing={**buyer.address, "phone": "+12125550177"})
    return scene


def tasks_of(scene: Scene) -> dict[str, tuple[Any, ...]]:
    from saleor_xcover_plugin.models import Cover, OutboxMessage, ReceivedNotification

    cover = Cover.objects.filter(order_id=key_of(scene.order_id)).get()
    event, _ = ReceivedNotification.objects.get_or_create(
        digest="0" * 64,
        defaults={
            "channel_id": cover.channel_id,
            "event": "BOOKING_UPDATED",
            "booking_id": cover.booking_id,
            "booking_status": "CONFIRMED",
            "received_at": cover.updated_at,
            "next_attempt_at": cover.updated_at,
        },
    )
    message = OutboxMessage.objects.filter(status="pending").first()
    return {
        "deliver": (message.pk if message else 0,),
        "deliver_new": (False,),
        "drain": ("2999-01-01T00:00:00+00:00",),
        "receive_notification": (event.pk,),
        "sweep": (),
        "reconcile": (),
        "purge": (),
        "request_offer": (key_of(scene.checkout_id), int(key_of(scene.channel.id))),
    }


def ready_to_run(name: str, arguments: tuple[Any, ...]) -> Act:
    """Have everything be due, and return how a worker runs a task.

    What a task raises is reported by Celery's integration.
    """
    from saleor_xcover_plugin import tasks
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.models import OutboxMessage, ReceivedNotification

    OutboxMessage.objects.update(
        next_attempt_at="2026-01-01T00:00:00Z", leased_until=None, created_at=utc_now()
    )
    ReceivedNotification.objects.update(next_attempt_at="2026-01-01T00:00:00Z", handled_at=None)
    return partial(getattr(tasks, name).apply, args=arguments, throw=False)


def test_every_task_fails_at_its_steps(
    corrected: Scene, buyer: Buyer, tracker: Tracker, caplog: pytest.LogCaptureFixture
) -> None:
    text = quoting(buyer)
    failed = {}
    # when statements and functions of each task fail in turn
    for task, arguments in tasks_of(corrected).items():
        ready = partial(ready_to_run, task, arguments)
        failed[task] = at_each_step(ready, text, every=EVERY)
        failed[task] += at_each_step(ready, text, way=function_that_fails, every=8 * EVERY)
    # then the tracker hears of it, and nothing of the buyer
    assert min(failed.values()) >= 1
    assert len(sent(tracker)) >= len(failed)
    assert_nothing_leaked(tracker, buyer, caplog.text)


COMMANDS: Mapping[str, tuple[str, ...]] = {
    "xcover_work": (),
    "xcover_status": (),
    "xcover_doctor": ("--no-call",),
    "xcover_reconcile": (),
    "xcover_purge": ("--dry-run",),
    "xcover_report": (),
    "xcover_evidence": ("--from", "{today}"),
    "xcover_erase": ("--order", "{number}"),
    "xcover_cancellation": ("ask", "{number}"),
    "xcover_replay": ("--all",),
    "xcover_policy": ("{number}", "--do-not-make"),
    "xcover_event": ("{sku}", "--no-progress"),
    "xcover_complete": ("{number}",),
    "xcover_account": (),
    "xcover_adopt": ("--dry-run",),
    "xcover_setup": ("--dry-run",),
}


def run_command(name: str, arguments: tuple[str, ...]) -> None:
    """Run a command as a shell does; what it raises is reported by the hook of the interpreter."""
    try:
        call_command(name, *arguments)
    except SystemExit:
        return
    except Exception as error:
        sentry_sdk.capture_exception(error)
        logging.getLogger("shell").error("ended", exc_info=error)


def test_every_command_fails_at_its_statements(
    corrected: Scene,
    buyer: Buyer,
    tracker: Tracker,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XCOVER_INSTANCE", "here")  # what xcover_adopt binds the database to
    words = {
        "number": corrected.order.number,
        "sku": store.concert.sku,
        "today": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    failed = {}
    for command, given in COMMANDS.items():
        arguments = tuple(one.format(**words) for one in given)

        def ready(name: str = command, arguments: tuple[str, ...] = arguments) -> Act:
            # What is given to xcover_complete; the others do not read.
            monkeypatch.setattr("sys.stdin", io.StringIO(f"first_name: {buyer.details[0]}\n"))
            return partial(run_command, name, arguments)

        failed[command] = at_each_step(ready, quoting(buyer), every=2 * EVERY)
    assert min(failed.values()) >= 1
    assert len(sent(tracker)) >= len(failed)
    assert_nothing_leaked(tracker, buyer, caplog.text + "".join(capsys.readouterr()))


@pytest.fixture
def as_saleor_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence graphql-core, which logs whatever a resolver raises; Saleor's settings do so."""
    for name in ("utils", "executor"):
        monkeypatch.setattr(logging.getLogger(f"graphql.execution.{name}"), "disabled", True)


def test_questions_of_a_storefront_that_fail_at_any_step(
    as_saleor_logs: None,
    scene: Scene,
    buyer: Buyer,
    store: Store,
    shopper: SendShopper,
    tracker: Tracker,
    caplog: Any,
) -> None:
    def ask() -> None:
        bob = shopper(store.usd)
        bob.checkout_id = scene.checkout_id
        with suppress(Exception):  # a refusal, or what the test client raises again
            bob.offer()
        with suppress(Exception):
            bob.decline()

    text = quoting(buyer)
    failed = at_each_step(at_once(ask), text, every=EVERY)
    failed += at_each_step(at_once(ask), text, way=function_that_fails, every=8 * EVERY)
    assert failed >= 5
    assert sent(tracker)
    assert_nothing_leaked(tracker, buyer, caplog.text)


def test_lists_of_staff_that_fail_at_any_step(
    as_saleor_logs: None,
    scene: Scene,
    buyer: Buyer,
    store: Store,
    driver: Driver,
    tracker: Tracker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = InsuranceDesk(driver, store.usd, store.staff_token())

    def look() -> None:
        with suppress(Exception):
            desk.cover(scene.order.number)

    text = quoting(buyer)
    failed = at_each_step(at_once(look), text)
    failed += at_each_step(at_once(look), text, way=function_that_fails, every=2 * EVERY)
    assert failed >= 5
    told = {report.get("logentry", {}).get("message") for report in sent(tracker)}
    assert told >= {"xcover.staff.failed", "xcover.graphql.failed"}
    assert_nothing_leaked(tracker, buyer, caplog.text)


def behind_the_guard(act: Act) -> None:
    from saleor_xcover_plugin.guard import guard

    with guard("somewhere", order="1"):
        act()


def test_the_text_of_an_error_of_the_database_names_its_place_only(
    scene: Scene, buyer: Buyer, tracker: Tracker, caplog: pytest.LogCaptureFixture
) -> None:
    """A real error of PostgreSQL's, which quotes the row in its DETAIL."""
    from saleor_xcover_plugin.models import XCoverAccount

    def write() -> None:
        for _ in range(2):
            XCoverAccount.objects.create(pk=buyer.email, updated_at=scene.order.created_at)

    behind_the_guard(write)
    (report,) = sent(tracker)
    failure = report["exception"]["values"][-1]
    assert failure["type"] == "UnexpectedError"
    assert failure["value"].startswith("IntegrityError (sqlstate 23505, table saleor_xcover_plugin")
    assert [frame["function"] for frame in failure["stacktrace"]["frames"]].count("write") == 1
    assert report["extra"]["hook"] == "somewhere"
    assert_nothing_leaked(tracker, buyer, caplog.text)

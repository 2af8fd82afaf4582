"""What an error tracker is told when something of ours fails: neither people nor secrets."""

from __future__ import annotations

import base64
import logging
import random
import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import sentry_sdk
from django.core.management import call_command

from demo.client.payment_app import PaymentApp
from demo.client.people import NEW_YORK
from demo.client.shopper import Shopper
from demo.client.staff import Staff
from demo.client.store import Channel, Store
from demo.seed import PARTNER
from demo.simulator import SimulatorProcess
from saleor_xcover_plugin.domain.hooks import HOOKS

from .steps import TOTAL
from .stumbling import Act, at_each_step, function_that_fails
from .tracker import Tracker, sent, tracking
from .work import Work

SendShopper = Callable[[Channel], Shopper]
MOST = 80
"""Statements of one act that are failed in turn."""


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


@dataclass(frozen=True, slots=True)
class Scene:
    """A policy and a yes of one buyer, and their keys."""

    buyer: Buyer
    order_id: str
    checkout_id: str
    channel: Channel

    @property
    def order(self) -> Any:
        from saleor.order.models import Order

        return Order.objects.get(pk=key_of(self.order_id))

    @property
    def checkout(self) -> Any:
        from saleor.checkout.models import Checkout

        return Checkout.objects.get(pk=key_of(self.checkout_id))

    @property
    def plugin(self) -> Any:
        from saleor.plugins.manager import get_plugins_manager

        manager = get_plugins_manager(allow_replica=False)
        return manager.get_plugin("covergenius.xcover", self.channel.slug)


def key_of(global_id: str) -> str:
    return base64.b64decode(global_id).decode().partition(":")[2]


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
    return Scene(buyer, order.id, accepted().checkout_id, store.usd)


def quoting(buyer: Buyer) -> str:
    """Return an error of PostgreSQL's that quotes the row which was to be written."""
    return f"null value in a column\nDETAIL:  Failing row contains ({', '.join(buyer.details)})."


def assert_nothing_leaked(tracker: Tracker, buyer: Buyer, logged: str) -> None:
    secrets = [PARTNER["api_key"], PARTNER["api_secret"]]
    for known in (*tracker.envelopes, logged):
        leaked = [one for one in (*buyer.details, *secrets) if one in known]
        places = [line[:2000] for line in known.splitlines() if any(one in line for one in leaked)]
        assert not leaked, places[:1]


def subject_of(hook: str, scene: Scene) -> Any:
    if hook.startswith("checkout"):
        return scene.checkout
    if hook.startswith("preprocess"):
        return SimpleNamespace(checkout=scene.checkout)
    return SimpleNamespace(order=scene.order) if hook.startswith("ful") else scene.order


def call_hook(hook: str, scene: Scene) -> None:
    subject = subject_of(hook, scene)
    arguments = (subject, []) if hook.startswith("preprocess") else (subject,)
    with suppress(Exception):  # the one refusal a hook may give, for the shopper
        getattr(scene.plugin, hook)(*arguments)


@pytest.mark.parametrize("hook", [name for name in HOOKS if name != "webhook"])
def test_a_hook_that_fails_at_any_statement(
    hook: str, scene: Scene, tracker: Tracker, caplog: pytest.LogCaptureFixture
) -> None:
    # when each statement of the hook fails in turn, quoting the buyer
    failed = at_each_step(lambda: call_hook(hook, scene), quoting(scene.buyer), most=MOST)
    # then the tracker hears of it, and nothing of the buyer
    assert failed >= 3
    assert len(sent(tracker)) >= failed - 1
    assert_nothing_leaked(tracker, scene.buyer, caplog.text)


@pytest.mark.parametrize("hook", ["checkout_updated", "preprocess_order_creation", "order_updated"])
def test_a_hook_that_fails_in_any_function(
    hook: str, scene: Scene, tracker: Tracker, caplog: pytest.LogCaptureFixture
) -> None:
    failed = at_each_step(
        lambda: call_hook(hook, scene),
        quoting(scene.buyer),
        most=MOST,
        way=function_that_fails,
        every=3,
    )
    assert failed >= 10
    assert len(sent(tracker)) >= failed // 2
    assert_nothing_leaked(tracker, scene.buyer, caplog.text)


@pytest.fixture
def corrected(scene: Scene, staff: Staff, simulator: SimulatorProcess) -> Scene:
    """The scene with something to send: the buyer's phone was corrected."""
    staff.update_order(scene.order_id, billing={**scene.buyer.address, "phone": "+12125550177"})
    return scene


def tasks_of(scene: Scene) -> dict[str, tuple[Any, ...]]:
    from saleor_xcover_plugin.models import Cover, InboundEvent, OutboxMessage

    cover = Cover.objects.filter(order_id=key_of(scene.order_id)).get()
    event, _ = InboundEvent.objects.get_or_create(
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
        "drain": ("2999-01-01T00:00:00+00:00",),
        "receive_event": (event.pk,),
        "sweep": (),
        "reconcile": (),
        "request_offer": (key_of(scene.checkout_id), int(key_of(scene.channel.id))),
    }


def run_task(name: str, arguments: tuple[Any, ...]) -> None:
    """Run a task as a worker does; what it raises is reported by Celery's integration."""
    from saleor_xcover_plugin import tasks
    from saleor_xcover_plugin.models import InboundEvent, OutboxMessage

    OutboxMessage.objects.update(next_attempt_at="2026-01-01T00:00:00Z", leased_until=None)
    InboundEvent.objects.update(next_attempt_at="2026-01-01T00:00:00Z", handled_at=None)
    getattr(tasks, name).apply(args=arguments, throw=False)


@pytest.mark.parametrize(
    "task", ["deliver", "drain", "receive_event", "sweep", "reconcile", "request_offer"]
)
def test_a_task_that_fails_at_any_step(
    task: str, corrected: Scene, tracker: Tracker, caplog: pytest.LogCaptureFixture
) -> None:
    arguments = tasks_of(corrected)[task]
    act: Act = lambda: run_task(task, arguments)  # noqa: E731
    text = quoting(corrected.buyer)
    # when its statements, and its functions, fail in turn
    failed = at_each_step(act, text, most=MOST)
    failed += at_each_step(act, text, most=MOST, way=function_that_fails, every=7)
    # then the tracker hears of it, and nothing of the buyer
    assert failed >= 3
    assert sent(tracker)
    assert_nothing_leaked(tracker, corrected.buyer, caplog.text)


COMMANDS: Mapping[str, tuple[str, ...]] = {
    "xcover_work": (),
    "xcover_status": (),
    "xcover_doctor": ("--no-call",),
    "xcover_reconcile": (),
    "xcover_purge": ("--dry-run",),
    "xcover_report": (),
    "xcover_evidence": (),
    "xcover_erase": ("--order", "{number}"),
    "xcover_cancellation": ("ask", "{number}"),
    "xcover_replay": ("--all",),
    "xcover_event": ("--list",),
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


@pytest.mark.parametrize("command", list(COMMANDS))
def test_a_command_that_fails_at_any_statement(
    command: str,
    corrected: Scene,
    tracker: Tracker,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    number = str(corrected.order.number)
    arguments = tuple(one.format(number=number) for one in COMMANDS[command])
    failed = at_each_step(
        lambda: run_command(command, arguments), quoting(corrected.buyer), most=MOST
    )
    assert failed >= 1
    assert sent(tracker)
    assert_nothing_leaked(tracker, corrected.buyer, caplog.text + "".join(capsys.readouterr()))


def test_questions_of_a_storefront_that_fail_at_any_step(
    scene: Scene, store: Store, shopper: SendShopper, tracker: Tracker, caplog: Any
) -> None:
    def ask() -> None:
        bob = shopper(store.usd)
        bob.checkout_id = scene.checkout_id
        with suppress(AssertionError):
            bob.offer()
        with suppress(AssertionError):
            bob.decline()

    text = quoting(scene.buyer)
    failed = at_each_step(ask, text, most=MOST)
    failed += at_each_step(ask, text, most=MOST, way=function_that_fails, every=11)
    assert failed >= 10
    assert sent(tracker)
    assert_nothing_leaked(tracker, scene.buyer, caplog.text)


def test_the_text_of_an_error_of_the_database_names_its_place_only(
    scene: Scene, tracker: Tracker, caplog: pytest.LogCaptureFixture
) -> None:
    """A real error of PostgreSQL's, which quotes the row in its DETAIL."""
    from saleor_xcover_plugin.guard import guard
    from saleor_xcover_plugin.models import Gate

    def write() -> None:
        name = scene.buyer.email
        Gate.objects.create(pk=name, updated_at=scene.order.created_at)
        Gate.objects.create(pk=name, updated_at=scene.order.created_at)

    from django.db import transaction

    with transaction.atomic(), guard("somewhere", order="1"):
        write()
    (report,) = sent(tracker)
    (failure,) = [one for one in report["exception"]["values"] if one["type"] == "UnexpectedError"][
        -1:
    ]
    assert failure["value"].startswith("IntegrityError (sqlstate 23505, table saleor_xcover_plugin")
    assert [frame["function"] for frame in failure["stacktrace"]["frames"]].count("write") == 1
    assert report["extra"]["hook"] == "somewhere"
    assert_nothing_leaked(tracker, scene.buyer, caplog.text)

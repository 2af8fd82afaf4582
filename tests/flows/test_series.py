"""``xcover_event`` and a series: one evening is meant, and no is no."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError
from graphql_relay import to_global_id

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Variant
from testkit.client.values import PlacedOrder
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TOTAL, asked, bookings, buy_with_cover
from testkit.work import Work

from .test_cancelled_event import groups, remembered, run, slug_of

if TYPE_CHECKING:
    from testkit.rows import RowStore

SendShopper = Callable[[Channel], Shopper]
Sell = Callable[..., tuple[Shopper, PlacedOrder]]

NEW_YORK = ZoneInfo("America/New_York")
FIRST = (datetime.now(UTC) + timedelta(days=60)).replace(
    hour=19, minute=30, second=0, microsecond=0
)
SECOND = FIRST + timedelta(days=1)


def product_id(key: str) -> str:
    """Return the id of a product as in the dashboard's address."""
    return to_global_id("Product", key)


@pytest.fixture
def evenings(store: RowStore) -> list[Variant]:
    return store.new_series(price="100.00", starts=[FIRST, SECOND])


@pytest.fixture
def sell(shopper: SendShopper, store: RowStore, payments: PaymentApp, work: Work) -> Sell:
    """Return a function that sells two tickets each with cover, up to the policy."""

    def sold(*variants: Variant) -> tuple[Shopper, PlacedOrder]:
        ada = shopper(store.usd)
        order, _ = buy_with_cover(ada, payments, dict.fromkeys(variants, 2))
        work()
        return ada, order

    return sold


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[str]]]:
    """Return a function that puts somebody before the terminal; it returns what they are asked."""

    def sits(*answers: str) -> list[str]:
        questions: list[str] = []
        left = list(answers)

        def say(question: str) -> str:
            questions.append(question)
            return left.pop(0)

        monkeypatch.setattr("builtins.input", say)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        return questions

    return sits


def at_terminal(*arguments: str) -> int:
    """Run the command as a person does; return its exit code."""
    code, _ = told_at_terminal(*arguments)
    return code


def told_at_terminal(*arguments: str) -> tuple[int, str]:
    """Run the command as a person does; return its exit code and what it says besides."""
    import io

    from django.core.management import call_command

    errors = io.StringIO()
    try:
        call_command("xcover_event", *arguments, stdout=io.StringIO(), stderr=errors)
    except SystemExit as end:
        return int(str(end.code)), errors.getvalue()
    return 0, errors.getvalue()


def test_a_series_without_a_performance_is_refused_with_the_list(
    sell: Sell, evenings: list[Variant], simulator: SimulatorProcess
) -> None:
    # given a policy for each of two evenings
    sell(evenings[0])
    sell(evenings[1])
    # when somebody cancels the product
    for change in (("--cancelled",), ("--moved-to", SECOND.isoformat()), ("--takes-place",)):
        with pytest.raises(CommandError) as caught:
            run(slug_of(evenings[0]), *change, "--confirm", "2")
        # then both evenings are listed with their start
        listed = str(caught.value).splitlines()[1:]
        assert [evenings[n].sku in line for n, line in enumerate(listed)] == [True, True]
        assert [
            start.astimezone(NEW_YORK).isoformat(" ", "minutes") in line
            for start, line in zip((FIRST, SECOND), listed, strict=True)
        ] == [True, True]
    # and nothing happened
    assert (remembered(), "cancel" in asked(simulator)) == (0, False)


@pytest.mark.parametrize("word", ["sku", "key", "start", "minute"])
def test_one_evening_is_cancelled_and_the_other_takes_place(
    sell: Sell, evenings: list[Variant], simulator: SimulatorProcess, word: str
) -> None:
    # given a policy for each of two evenings
    sell(evenings[0])
    sell(evenings[1])
    called = {
        "sku": evenings[1].sku,
        "key": key(evenings[1].id),
        "start": SECOND.isoformat(),
        "minute": f"{SECOND.astimezone(NEW_YORK):%Y-%m-%dT%H:%M}",
    }[word]
    # when the second is cancelled
    product = slug_of(evenings[0])
    data, code, _ = run(product, "--performance", called, "--cancelled", "--confirm", "1")
    # then only its policy is
    assert (groups(data), code) == ({"cancelled": (1, str(PREMIUM))}, 0)
    assert len(data["performances"]) == 1
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED", "CANCELLED"]
    assert remembered() == 1


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y-%m-%dT%H:%M"])
def test_a_day_is_the_day_where_the_event_takes_place(store: RowStore, form: str) -> None:
    # given three evenings at eight, which is the next day in UTC
    starts = [FIRST.astimezone(NEW_YORK).replace(hour=20) + timedelta(days=n) for n in range(3)]
    series = store.new_series(price="100.00", starts=starts)
    # when the second is named
    data, code, _ = run(slug_of(series[0]), "--performance", starts[1].strftime(form))
    # then it is meant
    (label,) = data["performances"]
    assert (series[1].sku in label, code) == (True, 0)
    assert starts[1].isoformat(" ", "minutes") in label


def test_a_moved_evening_is_named_by_the_clocks_where_it_takes_place(store: RowStore) -> None:
    # given three evenings at eight, the second of them moved by an hour
    starts = [FIRST.astimezone(NEW_YORK).replace(hour=20) + timedelta(days=n) for n in range(3)]
    series = store.new_series(price="100.00", starts=starts)
    product, later = slug_of(series[0]), starts[1] + timedelta(hours=1)
    data, _, _ = run(
        product,
        *("--performance", series[1].sku, "--moved-to", later.astimezone(UTC).isoformat()),
        *("--confirm", "0"),
    )
    # then what is printed tells the new time already
    assert later.isoformat(" ", "minutes") in data["performances"][0]
    # when its day, or its new time, is named
    for word in (f"{later:%Y-%m-%d}", f"{later:%Y-%m-%dT%H:%M}"):
        data, code, _ = run(product, "--performance", word)
        # then it alone is meant
        (label,) = data["performances"]
        assert (series[1].sku in label, code) == (True, 0)


def test_one_evening_is_moved(
    sell: Sell, evenings: list[Variant], staff: Staff, simulator: SimulatorProcess
) -> None:
    _, first = sell(evenings[0])
    _, second = sell(evenings[1])
    moved = SECOND + timedelta(days=7)

    _, code, said = run(
        slug_of(evenings[0]),
        *("--performance", evenings[1].sku, "--moved-to", moved.isoformat(), "--confirm", "1"),
    )

    assert (code, remembered()) == (0, 1)
    assert "1 order was told" in said
    assert staff.order(second.id).has_note("event was moved to", "stays in force")
    assert not staff.order(first.id).has_note("event was moved to")


def test_a_person_is_asked_with_name_date_and_amounts(
    sell: Sell,
    evenings: list[Variant],
    simulator: SimulatorProcess,
    person: Callable[..., list[str]],
) -> None:
    sell(evenings[0])
    product, sku = slug_of(evenings[0]), evenings[0].sku
    # when the person confirms that it is cancelled, and then the refunds
    questions = person("1", "1")
    assert at_terminal(product, "--performance", sku, "--cancelled") == 0
    # then the second question names what XCover returns
    assert questions == [
        "Type 1 to confirm: ",
        "XCover refunds 6.66 USD for 1 policy. It cannot be undone. Type 1 to cancel: ",
    ]
    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED"]


@pytest.mark.parametrize("answers", [("no",), ("1", "no")])
def test_no_leaves_nothing_behind(
    sell: Sell,
    evenings: list[Variant],
    simulator: SimulatorProcess,
    person: Callable[..., list[str]],
    answers: tuple[str, ...],
) -> None:
    from saleor_xcover_plugin.models import Cancellation

    ada, _ = sell(evenings[0])
    questions = person(*answers)

    code = at_terminal(slug_of(evenings[0]), "--performance", evenings[0].sku, "--cancelled")

    assert (code, len(questions)) == (3, len(answers))
    assert remembered() == 0
    assert not Cancellation.objects.exclude(status="kept").exists()
    cover = ada.cover()
    assert cover is not None
    assert cover.status == "confirmed"
    assert "confirm_cancellation" not in asked(simulator)


def test_no_after_an_interrupted_run_says_what_that_run_left(
    sell: Sell,
    evenings: list[Variant],
    simulator: SimulatorProcess,
    person: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada, _ = sell(evenings[0])
    words = (slug_of(evenings[0]), "--performance", evenings[0].sku)
    # given a run that somebody ended at the second question
    answers = iter(["1"])

    def interrupt(_: str) -> str:
        try:
            return next(answers)
        except StopIteration:
            raise KeyboardInterrupt from None

    with monkeypatch.context() as patched:
        patched.setattr("builtins.input", interrupt)
        patched.setattr("sys.stdin.isatty", lambda: True)
        with pytest.raises(KeyboardInterrupt):
            at_terminal(*words, "--cancelled")
    assert remembered() == 1
    # when the next run asks for the refund only, and is told no
    questions = person("no", "1")
    code, told = told_at_terminal(*words, "--cancelled")
    # then it does not claim that nothing is left
    assert (code, len(questions)) == (3, 1)
    assert "An earlier run told that the event is cancelled, and that stays so" in told
    assert remembered() == 1
    assert "confirm_cancellation" not in asked(simulator)
    # and what it names takes it back
    assert at_terminal(*words, "--takes-place") == 0
    assert remembered() == 0
    cover = ada.cover()
    assert cover is not None
    assert cover.status == "confirmed"


def test_a_cancellation_taken_back_takes_its_cases_back(
    sell: Sell, evenings: list[Variant], staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Cancellation

    # given a cancelled evening whose policy waits for a decision
    simulator.settings(refund_rule="zero")
    ada, order = sell(evenings[0])
    product, which = slug_of(evenings[0]), ("--performance", evenings[0].sku)
    run(product, *which, "--cancelled", "--confirm", "1")
    assert [row.status for row in Cancellation.objects.all()] == ["parked"]
    # when it takes place after all
    _, code, said = run(product, *which, "--takes-place", "--confirm", "1")
    # then nothing waits, and the policy is in force
    assert (code, remembered()) == (0, 0)
    assert "1 policy will not be cancelled for it any more" in said
    assert [row.status for row in Cancellation.objects.all()] == ["kept"]
    assert staff.order(order.id).has_note("takes place after all", "stays in force")
    cover = ada.cover()
    assert cover is not None
    assert cover.status == "confirmed"


def test_an_approval_does_not_cancel_the_policy_of_an_event_that_takes_place(
    sell: Sell, evenings: list[Variant], work: Work, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.models import Cancellation
    from saleor_xcover_plugin.staff.decisions import approve
    from saleor_xcover_plugin.staff.event_changes import (
        ask_all,
        covers_of,
        tell_cancelled,
        tell_takes_place,
    )

    # given a cancelled evening, and a refund that staff approved while XCover was asked
    ada, _ = sell(evenings[0])
    variants = [key(evenings[0].id)]
    tell_cancelled(variants, utc_now())
    covers = covers_of(variants)
    assert len(list(ask_all(covers, utc_now()))) == 1
    work()
    waiting = Cancellation.objects.get()
    assert waiting.refund_money is not None
    approve(waiting.pk, waiting.refund_money, utc_now())
    # when it takes place after all before the call is made
    tell_takes_place(variants)
    work()
    # then the policy stays
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    cover = ada.cover()
    assert cover is not None
    assert cover.status == "confirmed"


def test_one_of_several_events_is_one_case_for_a_person(
    sell: Sell,
    store: RowStore,
    evenings: list[Variant],
    staff: Staff,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import Cancellation

    # given one policy for two evenings
    _, order = sell(*evenings)
    before = asked(simulator)
    product, which = slug_of(evenings[0]), ("--performance", evenings[0].sku)
    # when one is cancelled, and somebody looks twice
    for _ in range(2):
        run(product, *which, "--cancelled", "--confirm", "1")
    # then a person is asked once, with a true sentence, and XCover not at all
    assert [(row.rule, row.status) for row in Cancellation.objects.all()] == [
        ("some_events_cancelled", "parked")
    ]
    notes = staff.order(order.id).notes
    assert sum("cancelled one of the insured events" in note for note in notes) == 1
    assert asked(simulator) == before
    # when the other is cancelled too
    run(product, "--performance", evenings[1].sku, "--cancelled", "--confirm", "1")
    # then XCover is asked once, and the policy ends
    assert asked(simulator)["cancel"] == 1
    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED"]


def test_an_event_told_cancelled_sells_no_cover(
    store: RowStore,
    shopper: SendShopper,
    evenings: list[Variant],
    payments: PaymentApp,
    simulator: SimulatorProcess,
) -> None:
    from testkit.client.driver import Refused

    # given a yes for an evening, and one page that only looked
    ada, grace = shopper(store.usd), shopper(store.usd)
    ada.create_checkout({evenings[0]: 2})
    ada.accept(ada.offer())
    grace.create_checkout({evenings[0]: 2})
    grace.offer()
    # when the evening is cancelled
    run(
        slug_of(evenings[0]),
        *("--performance", evenings[0].sku, "--cancelled", "--confirm", "0"),
    )
    # then nobody is offered a cover any more, and the yes ends with the next step
    with pytest.raises(Refused) as caught:
        grace.offer()
    assert caught.value.codes == ("event_cancelled",)
    ada.set_email("ada@example.com")
    assert ada.checkout().total == TOTAL - PREMIUM
    # and the other evening is sold
    linus = shopper(store.usd)
    linus.create_checkout({evenings[1]: 2})
    assert linus.offer().premium == PREMIUM


def test_a_namesake_is_another_product(
    sell: Sell, store: RowStore, evenings: list[Variant], simulator: SimulatorProcess
) -> None:
    from django.apps import apps

    # given a policy for each of two products of one name and start, and both variants deleted
    others = store.new_series(price="100.00", starts=[FIRST])
    sell(evenings[0])
    sell(others[0])
    product, other = slug_of(evenings[0]), slug_of(others[0])
    variants = apps.get_model("product", "ProductVariant").objects
    variants.filter(sku__in=[evenings[0].sku, others[0].sku]).delete()
    # when one is cancelled
    words = ("--performance", evenings[0].sku, "--cancelled", "--confirm", "1")
    data, code, _ = run(product, *words)
    # then only its policy ends, although the product has been given another name since
    assert (groups(data), code) == ({"cancelled": (1, str(PREMIUM))}, 0)
    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED", "CONFIRMED"]
    products = apps.get_model("product", "Product").objects
    products.filter(slug=other).update(name="Renamed")
    data, _, _ = run(other)
    assert groups(data) == {"not asked yet": (1, "0.00")}
    # and once both are gone, their name is refused with their ids
    keys = sorted(
        str(pk) for pk in products.filter(slug__in=[product, other]).values_list("pk", flat=True)
    )
    products.filter(slug__in=[product, other]).delete()
    with pytest.raises(CommandError, match=f"by its id: {', '.join(map(product_id, keys))}"):
        run("Example Revue")
    for name in (keys[1], product_id(keys[1])):
        assert run(name)[0]["covers"] == 1


def test_deleted_variants_are_found_by_what_orders_keep(
    sell: Sell, evenings: list[Variant], simulator: SimulatorProcess
) -> None:
    from django.apps import apps

    # given two policies, and the first evening's variant deleted from the catalogue
    sell(evenings[0])
    sell(evenings[1])
    product = slug_of(evenings[0])
    variants = apps.get_model("product", "ProductVariant").objects
    variants.filter(sku=evenings[0].sku).delete()
    # when it is cancelled by its SKU
    data, code, _ = run(product, "--performance", evenings[0].sku, "--cancelled", "--confirm", "1")
    # then its policy ends, and the other does not
    assert (groups(data), code) == ({"cancelled": (1, str(PREMIUM))}, 0)
    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED", "CONFIRMED"]


def test_a_product_is_found_whole_by_the_sku_of_a_deleted_variant(
    sell: Sell, evenings: list[Variant], simulator: SimulatorProcess
) -> None:
    from django.apps import apps

    # given a policy for each evening, and the first evening's variant deleted
    sell(evenings[0])
    sell(evenings[1])
    apps.get_model("product", "ProductVariant").objects.filter(sku=evenings[0].sku).delete()
    # when the product is named by that SKU, or by that of the other evening
    for sku in (evenings[0].sku, evenings[1].sku):
        data, _, _ = run(sku)
        # then both evenings are shown
        assert (data["covers"], len(data["performances"])) == (2, 2)


def test_a_product_that_was_made_again_is_not_taken_for_the_one_that_was_sold(
    sell: Sell, store: RowStore, evenings: list[Variant], simulator: SimulatorProcess
) -> None:
    from django.apps import apps

    # given a policy of a product that was deleted, and imported again with the same SKU
    sell(evenings[0])
    product = slug_of(evenings[0])
    products = apps.get_model("product", "Product").objects
    old = str(products.get(slug=product).pk)
    products.filter(slug=product).delete()
    again = store.new_series(price="100.00", starts=[FIRST])
    apps.get_model("product", "ProductVariant").objects.filter(sku=again[0].sku).update(
        sku=evenings[0].sku
    )
    new = str(products.get(slug=slug_of(evenings[0])).pk)
    # when it is cancelled by that SKU, or by its slug
    for name in (evenings[0].sku, slug_of(evenings[0])):
        # then it is asked which of both is meant
        ids = [product_id(key) for key in sorted([old, new])]
        with pytest.raises(CommandError, match=f"by its id: {', '.join(ids)}"):
            run(name, "--cancelled", "--confirm", "0")
    assert remembered() == 0
    # and each is found by its id
    assert run(product_id(new))[0]["covers"] == 0
    data, code, _ = run(product_id(old), "--cancelled", "--confirm", "1")
    assert (groups(data), code) == ({"cancelled": (1, str(PREMIUM))}, 0)


@pytest.mark.parametrize("column", ["slug", "sku"])
def test_a_number_that_is_the_key_of_one_product_and_the_name_of_another_is_refused(
    sell: Sell, store: RowStore, evenings: list[Variant], simulator: SimulatorProcess, column: str
) -> None:
    from django.apps import apps

    # given a policy of a product that was deleted, and a play called like its primary key
    sell(evenings[0])
    products = apps.get_model("product", "Product").objects
    variants = apps.get_model("product", "ProductVariant").objects
    old = str(products.get(slug=slug_of(evenings[0])).pk)
    (play,) = store.new_series(price="100.00", starts=[SECOND])
    new = str(products.get(slug=slug_of(play)).pk)
    products.filter(pk=old).delete()
    if column == "slug":
        products.filter(pk=new).update(slug=old)
    else:
        variants.filter(sku=play.sku).update(sku=old)
    # when that number is called cancelled
    ids = ", ".join(product_id(key) for key in sorted([old, new]))
    with pytest.raises(CommandError, match=f"by its id: {ids}"):
        run(old, "--cancelled", "--confirm", "0")
    # then nothing is told, and each is found by the id in the dashboard's address
    assert remembered() == 0
    assert run(product_id(new))[0]["covers"] == 0
    assert run(product_id(old).replace("=", "%3D"))[0]["covers"] == 1


def test_a_word_that_names_two_performances_is_refused(
    store: RowStore, simulator: SimulatorProcess
) -> None:
    from django.apps import apps

    # given a matinee and an evening of one day
    evening = FIRST.astimezone(NEW_YORK).replace(hour=20)
    series = store.new_series(price="100.00", starts=[evening.replace(hour=14), evening])
    product, day = slug_of(series[0]), f"{evening:%Y-%m-%d}"
    # when the day is named
    with pytest.raises(CommandError) as caught:
        run(product, "--performance", day, "--cancelled", "--confirm", "0")
    # then nothing is told, and both are listed
    assert f"{day} names several performances" in str(caught.value)
    assert [line for line in str(caught.value).splitlines() if series[1].sku in line]
    assert remembered() == 0
    # and to look at both it is enough
    assert len(run(product, "--performance", day)[0]["performances"]) == 2
    # given a SKU that is the id of another variant
    variants = apps.get_model("product", "ProductVariant").objects
    variants.filter(sku=series[0].sku).update(sku=key(series[1].id))
    # when it is named, the variant that is sold under it is meant
    (label,) = run(product, "--performance", key(series[1].id))[0]["performances"]
    # A later product of this store may have that number.
    variants.filter(sku=key(series[1].id)).update(sku=series[0].sku)
    assert evening.replace(hour=14).isoformat(" ", "minutes") in label


def test_a_sku_means_its_variant_and_a_start_all_that_begins_then(
    sell: Sell, store: RowStore, simulator: SimulatorProcess
) -> None:
    # given a policy for the stalls and one for the balcony of one evening
    stalls, balcony = store.new_series(price="100.00", starts=[FIRST, FIRST])
    sell(stalls)
    sell(balcony)
    product = slug_of(stalls)
    # when the balcony is cancelled by its SKU
    words = ("--performance", balcony.sku, "--cancelled", "--confirm", "1")
    data, code, said = run(product, *words)
    # then only it is, and the other is named
    assert (groups(data), code) == ({"cancelled": (1, str(PREMIUM))}, 0)
    assert f"Not meant: {stalls.sku} of the same start" in said
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED", "CANCELLED"]
    # when the evening is
    words = ("--performance", FIRST.isoformat(), "--cancelled", "--confirm", "1")
    data, code, said = run(product, *words)
    assert "Not meant" not in said

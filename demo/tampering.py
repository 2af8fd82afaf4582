"""A scene of the story: a shopper who tries to pay less for the cover."""

from __future__ import annotations

from decimal import Decimal

from testkit.client.driver import Refused
from testkit.client.shopper import Shopper
from testkit.client.values import Checkout

from .scenario import Outcome, Stage, check


def tamper_with_the_line(stage: Stage) -> Outcome:
    """Tamper with quantity, metadata and lines of the cover: none of it changes the price."""
    shopper = stage.visitor()
    shopper.accept(stage.offer_for(shopper))
    honest = shopper.checkout()
    _ask_for_five_covers(shopper, honest)
    _write_another_premium(shopper, honest)
    _put_the_cover_in_by_hand(stage, shopper, honest)
    shopper.accept(stage.offer_for(shopper))
    check(shopper.checkout().total == honest.total, "another price than the first yes")
    _change_the_tickets(stage, shopper)
    shopper.accept(stage.offer_for(shopper))
    sale = stage.pay(shopper)
    booking = stage.policy_of(sale)
    check(sale.premium.amount > honest.cover_lines[0].total, "the old premium for more tickets")
    return Outcome(
        "Five covers: refused. A premium of 0.01 in the metadata: ignored. The cover put in by "
        "hand: taken out. A third ticket after the yes: the cover left with its old price, "
        f"ordering unpaid was held, a new yes cost {sale.premium}.",
        booking,
    )


def _ask_for_five_covers(shopper: Shopper, honest: Checkout) -> None:
    try:
        shopper.set_quantity(honest.cover_lines[0], 5)
    except Refused as refused:
        check(refused.codes == ("quantity_greater_than_limit",), f"refused with {refused.codes}")
    else:
        check(False, "five covers were put into the checkout")


def _write_another_premium(shopper: Shopper, honest: Checkout) -> None:
    forged = {"xcover.premium": "0.01", "premium": "0.01"}
    shopper.write_metadata(forged, on=honest.cover_lines[0].id)
    shopper.write_metadata({"xcover": "insured for nothing"})
    check(shopper.checkout().total == honest.total, "the price was tampered with")


def _put_the_cover_in_by_hand(stage: Stage, shopper: Shopper, honest: Checkout) -> None:
    without = shopper.delete(*shopper.checkout().cover_lines)
    tampered = shopper.add(stage.store.cover_variant())
    check(tampered.cover_lines == (), "a cover nobody priced stayed in the checkout")
    tickets = sum((line.total for line in honest.ticket_lines), Decimal(0))
    check(without.total == tampered.total == tickets, f"the tickets cost {tampered.total} now")


def _change_the_tickets(stage: Stage, shopper: Shopper) -> None:
    """Add a ticket after the yes: the cover is removed, and ordering unpaid is refused once."""
    (tickets,) = shopper.checkout().ticket_lines
    changed = shopper.set_quantity(tickets, 3)
    check(changed.cover_lines == (), "the premium for two tickets covers three")
    check(changed.total == tickets.unit_price * 3, f"three tickets cost {changed.total}")
    # The plugin refuses an order only before money has moved.
    with stage.store.taking_unpaid_orders():
        try:
            shopper.complete()
        except Refused as refused:
            is_told = "protection has changed" in str(refused)
            check(is_told, f"refused for another reason: {refused}")
        else:
            check(False, "ordered uninsured although the shopper had said yes")

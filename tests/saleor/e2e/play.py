"""One test's conversation with Saleor: listened to and, with cover, insured on the way."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Literal

from graphql_relay import from_global_id, to_global_id

from testkit.client.values import COVER_SKU

from . import rows, shop
from .operations import PAYMENT_STEPS, Column, Operation, read_operation
from .rule import ID, Facts, Insured, untagged, without_cover
from .tags import tagged

Mode = Literal["baseline", "quiet", "cover"]
Json = Any
Post = Callable[[str, Mapping[str, Any] | None], Any]


@dataclass(slots=True)
class Sale:
    """A checkout to which a yes was said, and what became of it."""

    premium: Decimal
    is_ordered: bool = False
    is_kept: bool = False
    """The order has the cover line: one piece at exactly the premium."""
    policy: str = ""
    is_withdrawn: bool = False


@dataclass(slots=True)
class Play:
    """What was asked and answered in one test."""

    mode: Mode
    xcover_url: str = ""
    steps: list[Json] = field(default_factory=list)
    sales: dict[uuid.UUID, Sale] = field(default_factory=dict)
    no_offer: list[str] = field(default_factory=list)
    """Codes with which there was no offer at a payment step."""
    _facts: Facts = field(default_factory=Facts)
    _paid: set[uuid.UUID] = field(default_factory=set)
    _legacy: dict[uuid.UUID, Column] = field(default_factory=dict)

    def post(self, send: Post, query: str, variables: Mapping[str, Any] | None) -> Any:
        """Send one document of the test and return the response the test is to see."""
        operation = read_operation(query, variables)
        if self.mode == "cover":
            return self._post_with_cover(send, query, operation)
        response = send(query, variables)
        answer = json.loads(response.content, parse_float=Decimal)
        self._heard(operation, answer)
        return response

    def finish(self) -> None:
        """Do the plugin's work and look at what became of every yes."""
        if not self.sales:
            return
        shop.work()
        policies = rows.policies()
        for pk, sale in self.sales.items():
            order = rows.order_of(pk)
            if order:
                sale.is_ordered, sale.is_kept = True, _is_kept(order, sale.premium)
                sale.policy = policies.get(order.pk, "")

    def result(self) -> Json:
        return {
            "steps": self.steps,
            "sales": [asdict(sale) for sale in self.sales.values()],
            "no_offer": self.no_offer,
        }

    def _heard(self, operation: Operation, answer: Json) -> None:
        self.steps.append({"operation": operation.name, "answer": answer})
        root = (answer.get("data") or {}).get(operation.name) or {}
        if self.mode == "baseline" or not isinstance(root, dict) or root.get("errors"):
            return
        if operation.name == "channelCreate":
            shop.open_in(root["channel"]["slug"], self.xcover_url)
        elif operation.name == "productCreate" and self.mode == "cover":
            shop.give_event_data(int(from_global_id(root["product"]["id"])[1]))

    # With cover ----------------------------------------------------------------------------

    def _post_with_cover(self, send: Post, query: str, operation: Operation) -> Any:
        from saleor.graphql.api import schema

        paid: tuple[uuid.UUID, Column] | None = None
        variables: Mapping[str, Any] = operation.variables
        if operation.name in PAYMENT_STEPS:
            self._insure(operation.subject)
            variables, paid = self._amended(operation)
        self._look_at_checkouts()
        response = send(tagged(query, schema), variables)
        answer = json.loads(response.content, parse_float=Decimal)
        if paid:
            self._was_paid(operation, answer, *paid)
        self._look_at_gift_cards()
        self._look_at_orders()
        lowered = untagged(without_cover(answer, self._facts))
        response.content = json.dumps(lowered, default=float)
        self._heard(operation, lowered)
        return response

    def _insure(self, checkout_id: str) -> None:
        """Say yes unless it was said and stands, or money was sent already."""
        pk = rows.checkout_pk(checkout_id)
        checkout = rows.checkout(pk) if pk else None
        if pk is None or checkout is None or rows.cover_line(pk):
            return
        if pk in self._paid or pk in self._legacy:
            return
        yes = shop.say_yes(checkout_id, checkout.channel)
        if yes.premium is None:
            self.no_offer.append(yes.code)
        else:
            self.sales[pk] = Sale(yes.premium)

    def _amended(
        self, operation: Operation
    ) -> tuple[Mapping[str, Any], tuple[uuid.UUID, Column] | None]:
        """Add the premium to the first payment for an insured checkout or its order.

        A legacy payment moves nothing before the order is made: the next payment takes its place.
        """
        pk = self._insured_by(operation.subject)
        if pk is None or pk in self._paid:
            return operation.variables, None
        premium = self.sales[pk].premium - self._by_gift_card(pk)
        more = operation.paying_more(premium) if premium else None
        if more is None:
            return operation.variables, None
        variables, column = more
        if operation.name == "transactionInitialize":
            _let_the_app_charge(premium)
        return variables, (pk, column)

    def _insured_by(self, subject: str) -> uuid.UUID | None:
        pk = rows.checkout_pk(subject)
        if pk in self.sales:
            return pk
        for known in self.sales:
            order = rows.order_of(known)
            if order and to_global_id("Order", order.pk) == subject:
                return known
        return None

    def _by_gift_card(self, pk: uuid.UUID) -> Decimal:
        checkout = rows.checkout(pk)
        if checkout is None:
            return Decimal(0)
        return rows.paid_by_gift_card(checkout, self.sales[pk].premium)

    def _was_paid(self, operation: Operation, answer: Json, pk: uuid.UUID, column: Column) -> None:
        root = (answer.get("data") or {}).get(operation.name) or {}
        made = [
            root[name] for name in ("transaction", "transactionEvent", "payment") if root.get(name)
        ]
        if not made:
            return
        premium = self.sales[pk].premium - self._by_gift_card(pk)
        self._facts.added.update({payment[ID]: premium for payment in made})
        if operation.name == "checkoutPaymentCreate":
            self._legacy[pk] = column
            return
        self._paid.add(pk)
        self._legacy.pop(pk, None)
        for insured in self._insured_rows(pk):
            setattr(insured, column, premium)

    def _insured_rows(self, pk: uuid.UUID) -> list[Insured]:
        order = rows.order_of(pk)
        ids = [to_global_id("Checkout", pk)]
        if order:
            ids.append(to_global_id("Order", order.pk))
        return [self._facts.insured[i] for i in ids if i in self._facts.insured]

    def _look_at_checkouts(self) -> None:
        """Note which checkouts have their cover line now, before they are asked for."""
        for pk, sale in self.sales.items():
            identity, checkout = to_global_id("Checkout", pk), rows.checkout(pk)
            line = rows.cover_line(pk)
            if checkout is None:
                continue
            sale.is_withdrawn = not line
            if not line:
                self._facts.insured.pop(identity, None)
                continue
            insured = self._facts.insured.setdefault(identity, Insured(sale.premium, line))
            insured.premium, insured.line_id = sale.premium, line
            insured.by_gift_card = rows.paid_by_gift_card(checkout, sale.premium)

    def _look_at_gift_cards(self) -> None:
        """Note what gift cards pay now: the request may have added or removed one."""
        for pk, sale in self.sales.items():
            insured, checkout = (
                self._facts.insured.get(to_global_id("Checkout", pk)),
                rows.checkout(pk),
            )
            if insured and checkout:
                insured.by_gift_card = rows.paid_by_gift_card(checkout, sale.premium)

    def _look_at_orders(self) -> None:
        """Note the orders that were made of insured checkouts; with or without their cover line."""
        for pk, sale in self.sales.items():
            order = rows.order_of(pk)
            identity = to_global_id("Order", order.pk) if order else ""
            if not order or sale.is_withdrawn or identity in self._facts.insured:
                continue
            line = rows.cover_order_line(order)
            before = self._facts.insured.get(
                to_global_id("Checkout", pk), Insured(sale.premium, "")
            )
            insured = Insured(
                sale.premium,
                to_global_id("OrderLine", line.pk) if line else "",
                charged=before.charged,
                authorized=before.authorized,
                by_gift_card=before.by_gift_card,
            )
            if pk in self._legacy:
                setattr(insured, self._legacy[pk], insured.premium - insured.by_gift_card)
            self._facts.insured[identity] = insured


def _is_kept(order: Any, premium: Decimal) -> bool:
    """Whether the order has one cover line as it was accepted; where it stands the rule judges."""
    covers = [line for line in order.lines.all() if line.product_sku == COVER_SKU]
    return (
        len(covers) == 1
        and covers[0].quantity == 1
        and covers[0].total_price_gross_amount == premium
    )


def _let_the_app_charge(premium: Decimal) -> None:
    """Let a payment app that the test plays itself charge what it was asked to."""
    from unittest.mock import Mock

    from saleor.plugins.manager import PluginsManager

    app = PluginsManager.transaction_initialize_session
    if isinstance(app, Mock):
        answer = app.return_value.response
        answer["amount"] = float(Decimal(str(answer["amount"])) + premium)

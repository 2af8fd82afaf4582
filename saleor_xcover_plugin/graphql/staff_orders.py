"""What staff see beside an order: its protection, what the buyer was shown, and what waits."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from typing import Any

import graphene

from ..domain.money import Money
from ..host import order_facts, orders
from ..host.ids import uuid_of
from ..models import Cover
from ..staff import evidence, worklist
from ..staff.decisions import DecisionCode, DecisionRefused
from ..staff.worklist import CaseFilter
from .enums import InsuranceShownAnswer, known
from .staff_access import answered
from .staff_cases import StaffCase, cases_of
from .staff_types import StaffCover, StaffError, list_of, staff_cover_of
from .types import InsuranceMoney, errors_field, money, money_of

MAX_ANSWERS = 100
"""Largest number of a buyer's answers that are listed; the evidence export has all."""


class StaffShownQuote(graphene.ObjectType):
    """One product as the buyer saw it."""

    class Meta:
        name = "InsuranceShownQuote"

    title = graphene.String(required=True, description="Name of the product.")
    premium = graphene.Field(InsuranceMoney, required=True, description="Its price, with tax.")
    is_chosen = graphene.Boolean(required=True, description="True: the buyer said yes to it.")


class StaffShown(graphene.ObjectType):
    """One answer of the buyer, with what was shown."""

    class Meta:
        name = "InsuranceShownOffer"

    shown_at = graphene.DateTime(description="When the offer was first shown; null: not known.")
    answered_at = graphene.DateTime(required=True, description="When it was answered.")
    answer = graphene.Field(
        InsuranceShownAnswer, description="What was said. Null: a value of a newer version."
    )
    source = graphene.String(
        required=True, description="Where the answer came from, such as storefront."
    )
    language = graphene.String(required=True, description="Language of the texts.")
    quotes = graphene.List(
        graphene.NonNull(StaffShownQuote), required=True, description="The products, as shown."
    )
    is_intact = graphene.Boolean(
        required=True, description="True: the stored texts are those that were answered."
    )


class StaffProduct(graphene.ObjectType):
    """One product of a cover, with the tax in its premium."""

    class Meta:
        name = "InsuranceSoldProduct"

    title = graphene.String(required=True, description="Name of the product; may be empty.")
    premium = graphene.Field(InsuranceMoney, required=True, description="Its price, with tax.")
    tax = graphene.Field(
        InsuranceMoney, description="The tax in it; null if XCover did not name it."
    )
    wording_url = graphene.String(
        description="Address of the policy wording; null where it is not known."
    )


class StaffOrder(graphene.ObjectType):
    """An order as the desk shows it."""

    class Meta:
        name = "InsuranceStaffOrder"

    id = graphene.ID(required=True, description="The order's UUID.")
    number = graphene.String(required=True, description="The order's number.")
    cover = graphene.Field(StaffCover, description="Its protection; null without one.")
    was_offered = graphene.Boolean(
        required=True, description="True: the buyer saw an offer before the order was placed."
    )
    products = list_of(StaffProduct, "What was sold, each with its premium and tax.")
    answers = list_of(StaffShown, f"What the buyer said, the newest {MAX_ANSWERS}, oldest first.")
    cases = list_of(StaffCase, "What of it waits for a person.")

    @staticmethod
    def resolve_products(order: Any, _info: Any) -> list[StaffProduct]:
        cover: Cover | None = order.row
        return list(_products(cover)) if cover is not None else []

    @staticmethod
    def resolve_answers(order: Any, _info: Any) -> list[StaffShown]:
        records = list(evidence.of_orders([order.known]))
        return [_shown(record) for record in records[-MAX_ANSWERS:]]

    @staticmethod
    def resolve_cases(order: Any, _info: Any) -> list[StaffCase]:
        wanted = CaseFilter(order_id=uuid.UUID(order.id))
        page = worklist.page_of(
            order.channel_ids, wanted, length=worklist.MAX_PAGE_LENGTH, after=None
        )
        return cases_of(page.cases)


class StaffOrderResult(graphene.ObjectType):
    """An order, or one error."""

    class Meta:
        name = "InsuranceStaffOrderResult"

    order = graphene.Field(StaffOrder, description="The order; null beside an error.")
    errors = errors_field(StaffError)


class StaffOrderQuery(graphene.ObjectType):
    """The field of the query that shows one order."""

    insurance_order = graphene.Field(
        StaffOrderResult,
        required=True,
        order_id=graphene.ID(
            required=True, description="Saleor's id of the order: the global one or its UUID."
        ),
        description="For staff: an order of a channel they may manage, with or without protection.",
    )

    @staticmethod
    def resolve_insurance_order(_root: Any, info: Any, order_id: str) -> StaffOrderResult:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            return {"order": _order(order_id, channel_ids)}

        return answered(info, StaffOrderResult, work)


def _order(text: str, channel_ids: Collection[int]) -> StaffOrder:
    key = uuid_of(text, "Order")
    cover = Cover.objects.select_related("offer").filter(order_id=key).first() if key else None
    channel_id = cover.channel_id if cover is not None else key and orders.channel_of(key)
    if key is None or channel_id not in channel_ids:
        raise DecisionRefused(
            DecisionCode.BAD_INPUT, "There is no such order in the channels you may manage."
        )
    number = cover.order_number if cover is not None else order_facts.number_of(key)
    known_order = evidence.find_order(number)
    shown = StaffOrder(
        id=str(key),
        number=number,
        cover=staff_cover_of(cover) if cover is not None else None,
        was_offered=known_order is not None and known_order.was_offered,
    )
    shown.row, shown.channel_ids = cover, channel_ids
    shown.known = known_order or evidence.KnownOrder(number, frozenset(), was_offered=False)
    return shown


def _products(cover: Cover) -> Iterator[StaffProduct]:
    if cover.offer is None:
        return
    chosen = list(cover.offer.quotes.filter(is_chosen=True))
    # A policy has one wording of its own; what was offered only announced it.
    of_policy = cover.pds_url if len(chosen) == 1 else ""
    for quote in chosen:
        tax = None if quote.tax is None else Money(quote.tax, cover.currency)
        yield StaffProduct(
            title=quote.title,
            premium=money(quote.premium, cover.currency),
            tax=money_of(tax),
            wording_url=of_policy or quote.pds_url or None,
        )


def _shown(record: evidence.Record) -> StaffShown:
    return StaffShown(
        shown_at=record.shown_at,
        answered_at=record.answered_at,
        answer=known(evidence.ANSWERS, record.answer),
        source=record.source,
        language=record.language,
        is_intact=record.is_intact,
        quotes=[
            StaffShownQuote(
                title=quote.title,
                premium=InsuranceMoney(amount=quote.premium, currency=record.currency),
                is_chosen=quote.is_chosen,
            )
            for quote in record.quotes
        ],
    )

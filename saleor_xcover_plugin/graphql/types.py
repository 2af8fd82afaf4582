"""What storefronts see of an offer and a cover. Amounts are texts: money is never a float."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import graphene

from ..domain.money import Money
from ..domain.states import OfferStatus
from ..errors import Refusal
from ..models import Cover, Offer


class InsuranceMoney(graphene.ObjectType):
    amount = graphene.String(required=True, description="Exact amount in the main unit.")
    currency = graphene.String(required=True)


class InsuranceQuote(graphene.ObjectType):
    id = graphene.ID(required=True)
    title = graphene.String(required=True)
    description = graphene.String(required=True)
    premium = graphene.Field(InsuranceMoney, required=True, description="With tax.")
    benefits = graphene.List(graphene.NonNull(graphene.String), required=True)
    exclusions = graphene.List(graphene.NonNull(graphene.String), required=True)
    disclaimer = graphene.String(required=True)
    pds_url = graphene.String(required=True, description="The policy wording; must be shown.")


class InsuranceOffer(graphene.ObjectType):
    quotes = graphene.List(graphene.NonNull(InsuranceQuote), required=True)
    premium = graphene.Field(InsuranceMoney, required=True, description="Of all quotes together.")
    ticket_count = graphene.Int(required=True)
    content_hash = graphene.String(
        required=True, description="Send it back when accepting: proves which terms were shown."
    )
    heading = graphene.String(required=True)
    disclaimer = graphene.String(required=True)
    answer = graphene.String(description="accepted, declined, or null while open.")
    valid_until = graphene.String(required=True, description="UTC, ISO 8601.")


class InsuranceCover(graphene.ObjectType):
    status = graphene.String(required=True)
    premium = graphene.Field(InsuranceMoney, required=True)
    policy_number = graphene.String()
    pds_url = graphene.String()
    amount_due_back = graphene.Field(InsuranceMoney, required=True)


class InsuranceError(graphene.ObjectType):
    code = graphene.String(required=True)
    message = graphene.String(required=True, description="A sentence for the shopper.")
    fields = graphene.List(graphene.NonNull(graphene.String), required=True)


def error_of(refusal: Refusal) -> InsuranceError:
    return InsuranceError(
        code=refusal.code.value, message=refusal.shopper_sentence, fields=list(refusal.fields)
    )


def money(amount: Decimal, currency: str) -> InsuranceMoney:
    return InsuranceMoney(amount=Money(amount, currency).digits(), currency=currency)


_ANSWERS = {OfferStatus.SELECTED.value: "accepted", OfferStatus.DECLINED.value: "declined"}


def offer_of(offer: Offer) -> InsuranceOffer:
    quotes = list(offer.quotes.all())
    return InsuranceOffer(
        quotes=[_quote_of(quote, offer.currency) for quote in quotes],
        premium=money(sum((q.premium for q in quotes), Decimal(0)), offer.currency),
        ticket_count=offer.ticket_count,
        content_hash=offer.content_hash,
        heading=offer.content["heading"],
        disclaimer=offer.content["disclaimer"],
        answer=_ANSWERS.get(offer.status),
        valid_until=offer.valid_until.isoformat() if offer.valid_until else "",
    )


def _quote_of(quote: Any, currency: str) -> InsuranceQuote:
    shown = quote.content
    return InsuranceQuote(
        id=quote.quote_id,
        title=shown["title"],
        description=shown["description"],
        premium=money(quote.premium, currency),
        benefits=shown["benefits"],
        exclusions=shown["exclusions"],
        disclaimer=shown["disclaimer"],
        pds_url=shown["pds_url"],
    )


def cover_of(cover: Cover) -> InsuranceCover:
    return InsuranceCover(
        status=cover.status,
        premium=money(cover.premium, cover.currency),
        policy_number=cover.booking_id,
        pds_url=cover.pds_url or None,
        amount_due_back=money(cover.amount_due_back, cover.currency),
    )

"""GraphQL types of offers and covers for storefronts."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import graphene

from ..checkout.offers import groups_of
from ..domain.money import Money
from ..domain.product_rules import Group
from ..domain.states import CoverStatus, OfferStatus
from ..errors import Refusal
from ..host import orders
from ..models import Cover, Offer
from ..policies.policy_links import opened
from .enums import (
    NULL_IF_NEWER,
    InsuranceAnswer,
    InsuranceChoice,
    InsuranceCoverStatus,
    InsuranceErrorCode,
    known,
)


def errors_field(kind: type) -> graphene.List:
    """Return the field of a result for its refusals; ``kind`` is their type."""
    return graphene.List(
        graphene.NonNull(kind),
        required=True,
        description="Why it was refused, at most one; empty if it was not.",
    )


class InsuranceMoney(graphene.ObjectType):
    """An exact amount of money. It is a text, since a JSON number may be read as a float."""

    amount = graphene.String(
        required=True,
        description="In the main unit, with a point and all decimals of the currency: 6.66.",
    )
    currency = graphene.String(required=True, description="Code of ISO 4217: USD.")


class InsuranceMoneyInput(graphene.InputObjectType):
    """An exact amount of money, written as InsuranceMoney gives it out."""

    amount = graphene.String(
        required=True,
        description="In the main unit, with a point and no more decimals than the currency has.",
    )
    currency = graphene.String(required=True, description="Code of ISO 4217: USD.")


class InsurancePoint(graphene.ObjectType):
    """One bullet of a text of the insurer."""

    label = graphene.String(required=True, description="What the bullet is about; may be empty.")
    text = graphene.String(required=True, description="The words of the bullet.")


class InsuranceGroup(graphene.ObjectType):
    """Quotes a shopper sees together, and how many of them a yes may and must hold."""

    slug = graphene.String(required=True, description="XCover's name of the group.")
    choice = InsuranceChoice(required=True, description="How its quotes go together.")
    is_disabled = graphene.Boolean(
        required=True, description="True: its quotes are shown, but none can be chosen."
    )
    min_select = graphene.Int(
        required=True,
        description="How many of its quotes a yes must hold; a no is possible all the same.",
    )
    max_select = graphene.Int(
        required=True, description="How many of its quotes a yes may hold at most."
    )
    quote_ids = graphene.List(
        graphene.NonNull(graphene.ID), required=True, description="Its quotes, as they are shown."
    )


def _text(description: str) -> graphene.String:
    """Return a field for words of the insurer, which are shown as they are."""
    return graphene.String(required=True, description=f"{description} Empty if there is none.")


def _points(description: str) -> graphene.List:
    return graphene.List(
        graphene.NonNull(InsurancePoint),
        required=True,
        description=f"{description} Empty if there are none.",
    )


def _ids(description: str) -> graphene.List:
    return graphene.List(graphene.NonNull(graphene.ID), required=True, description=description)


class InsuranceQuote(graphene.ObjectType):
    """One product of an offer, with all that must be shown of it."""

    id = graphene.ID(required=True, description="XCover's id of it; a yes names the chosen ones.")
    title = _text("Name of the product.")
    description = _text("What the product is, in a sentence or more.")
    premium = graphene.Field(
        InsuranceMoney, required=True, description="Price for all tickets together, with tax."
    )
    premium_per_ticket = graphene.Field(
        InsuranceMoney,
        description="What each ticket's cover costs; null unless all cost exactly the same.",
    )
    benefits = _points("What the product is good for.")
    inclusions = _points("What is insured.")
    exclusions = _points("What is not insured.")
    disclaimer = _text("Legal text that must be shown beside the product.")
    terms = _text("Words that lead to the terms.")
    badge = _text("A short word of trust, such as the insurer's name.")
    pds_url = graphene.String(
        required=True, description="Address of the policy wording; a link to it must be shown."
    )
    is_chosen = graphene.Boolean(required=True, description="True: the shopper said yes to it.")


class InsuranceOffer(graphene.ObjectType):
    """The live offer of a checkout: what may be bought, and what the shopper said to it."""

    quotes = graphene.List(
        graphene.NonNull(InsuranceQuote),
        required=True,
        description="What may be shown: products XCover hides are not in it.",
    )
    groups = graphene.List(
        graphene.NonNull(InsuranceGroup),
        required=True,
        description="Which quotes may be chosen together; every quote is in exactly one.",
    )
    premium = graphene.Field(
        InsuranceMoney, description="The sum of what was chosen; null while nothing is."
    )
    chosen_quote_ids = _ids("The quotes the shopper said yes to; empty while none is chosen.")
    ticket_count = graphene.Int(
        required=True, description="How many tickets of the checkout the offer insures."
    )
    content_hash = graphene.String(
        required=True, description="Send it back when accepting: proves which terms were shown."
    )
    heading = _text("Headline of the whole offer.")
    title = _text("Name of the whole offer; often the same as the heading.")
    sub_heading = _text("Line below the headline.")
    description = _text("What the offer is, in a sentence or more.")
    extras = _points("Further words of the insurer about the whole offer.")
    disclaimer = _text("Legal text that must be shown beside the offer.")
    accept_label = _text("Words of the button or choice that says yes.")
    decline_label = _text("Words of the button or choice that says no.")
    decline_warning = _text("What to tell a shopper who says no.")
    required_message = _text("What to tell a shopper who has not answered or chosen enough.")
    credibility_message = _text("Words of trust about the insurer.")
    price_unit = _text("What the price is for, to be shown behind it.")
    answer = graphene.Field(
        InsuranceAnswer, description="What the shopper said to it; null while it is open."
    )
    valid_until = graphene.DateTime(
        description="When it lapses: afterwards it cannot be accepted. Null: nothing says when."
    )
    is_shown = graphene.Boolean(
        required=True,
        description="It was counted as shown: by insuranceOfferRequest, insuranceShown or an "
        "answer. Only such an offer gets an opt-out when the tickets are bought without it.",
    )


class InsuranceCoveredProduct(graphene.ObjectType):
    """One product the buyer chose."""

    title = _text("Name of the product.")
    premium = graphene.Field(
        InsuranceMoney, required=True, description="What was agreed for it, with tax."
    )


class InsurancePolicyLinks(graphene.ObjectType):
    """Addresses at XCover that open the policy without a login: show them to nobody else."""

    certificate = graphene.String(description="The certificate as a page.")
    certificate_pdf = graphene.String(description="The certificate as a PDF.")
    account = graphene.String(description="The buyer's account at XCover.")
    insurance_claim = graphene.String(description="Where a claim is made.")


class InsuranceCover(graphene.ObjectType):
    """The protection of an order, as its buyer may see it."""

    status = graphene.Field(
        InsuranceCoverStatus,
        description="What became of the protection, for the buyer. "
        f"{NULL_IF_NEWER} There is a cover all the same.",
    )
    premium = graphene.Field(
        InsuranceMoney, required=True, description="What was agreed for all of it, with tax."
    )
    products = graphene.List(
        graphene.NonNull(InsuranceCoveredProduct),
        required=True,
        description="What was chosen, each with its own premium; empty where it is not known.",
    )
    policy_number = graphene.String(
        description="XCover's number of the policy; null until it is made."
    )
    pds_url = graphene.String(
        description="Address of the policy wording; null where it is not known."
    )
    amount_due_back = graphene.Field(
        InsuranceMoney, required=True, description="What the store gives back for the protection."
    )
    links = graphene.Field(
        InsurancePolicyLinks,
        description="Only for the customer who owns the order, logged in, and for a staff or app "
        "token with MANAGE_ORDERS. Null for all others, while no policy is in force, where they "
        "are not known, and if they could not be read.",
    )

    @staticmethod
    def resolve_links(answer: Any, info: Any) -> Any:
        return _links_of(answer.links, info.context)


class InsuranceError(graphene.ObjectType):
    """Why something was refused: a code to translate by, and a sentence in English."""

    code = graphene.Field(
        InsuranceErrorCode, required=True, description="The reason, to translate and decide by."
    )
    message = graphene.String(required=True, description="A sentence for the shopper.")
    fields = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="What is missing or wrong, such as phone; never its value.",
    )
    retry_after = graphene.Int(
        description="In how many seconds to ask again; only with TOO_MANY_REQUESTS."
    )


def error_of(refusal: Refusal) -> InsuranceError:
    return InsuranceError(
        code=refusal.code.value,
        message=refusal.shopper_sentence,
        fields=list(refusal.fields),
        retry_after=refusal.retry_after,
    )


def money(amount: Decimal, currency: str) -> InsuranceMoney:
    return InsuranceMoney(amount=Money(amount, currency).digits(), currency=currency)


def money_of(amount: Money | None) -> InsuranceMoney | None:
    """Return an amount as the API writes it; null for None."""
    return None if amount is None else money(amount.amount, amount.currency)


_ANSWERS = {OfferStatus.SELECTED.value: "accepted", OfferStatus.DECLINED.value: "declined"}


_TEXTS = (
    "heading",
    "title",
    "sub_heading",
    "description",
    "disclaimer",
    "accept_label",
    "decline_label",
    "decline_warning",
    "required_message",
    "credibility_message",
    "price_unit",
)


def offer_of(offer: Offer) -> InsuranceOffer:
    quotes = list(offer.quotes.all())
    chosen = [quote for quote in quotes if quote.is_chosen]
    content = offer.content
    return InsuranceOffer(
        quotes=[_quote_of(quote, offer) for quote in quotes],
        groups=[_group_of(group) for group in groups_of(offer)],
        premium=money(sum((q.premium for q in chosen), Decimal(0)), offer.currency)
        if chosen
        else None,
        chosen_quote_ids=[quote.quote_id for quote in chosen],
        ticket_count=offer.ticket_count,
        content_hash=offer.content_hash,
        extras=_points_of(content.get("extras", ())),
        answer=_ANSWERS.get(offer.status),
        valid_until=offer.valid_until,
        is_shown=offer.shown_at is not None,
        **{name: content.get(name, "") for name in _TEXTS},
    )


def _group_of(group: Group) -> InsuranceGroup:
    return InsuranceGroup(
        slug=group.slug,
        choice=group.choice.value,
        is_disabled=group.is_disabled,
        min_select=group.min_select,
        max_select=group.max_select,
        quote_ids=list(group.quote_ids),
    )


def _quote_of(quote: Any, offer: Offer) -> InsuranceQuote:
    shown = quote.content
    return InsuranceQuote(
        id=quote.quote_id,
        title=shown["title"],
        description=shown["description"],
        premium=money(quote.premium, offer.currency),
        premium_per_ticket=_share_of(quote.premium, offer),
        benefits=_points_of(shown.get("benefits", ())),
        inclusions=_points_of(shown.get("inclusions", ())),
        exclusions=_points_of(shown.get("exclusions", ())),
        disclaimer=shown["disclaimer"],
        terms=shown.get("terms", ""),
        badge=shown.get("badge", ""),
        pds_url=shown["pds_url"],
        is_chosen=quote.is_chosen,
    )


def _share_of(premium: Decimal, offer: Offer) -> InsuranceMoney | None:
    """Return the premium of one of several tickets, if it is the same to the smallest unit for all.

    ``premium`` is in the offer's currency.
    """
    if offer.ticket_count < 2 or not offer.request.get("are_alike"):
        return None
    share = premium / offer.ticket_count
    is_exact = Money(share, offer.currency).is_payable() and share * offer.ticket_count == premium
    return money(share, offer.currency) if is_exact else None


def _points_of(stored: Iterable[Any]) -> list[InsurancePoint]:
    """Return the bullets of a stored content; a version before kept them as single texts."""
    return [
        InsurancePoint(label="", text=point)
        if isinstance(point, str)
        else InsurancePoint(label=point["label"], text=point["text"])
        for point in stored
    ]


def cover_of(cover: Cover) -> InsuranceCover:
    return InsuranceCover(
        status=known(CoverStatus, cover.status),
        premium=money(cover.premium, cover.currency),
        products=_products_of(cover),
        policy_number=cover.booking_id,
        pds_url=cover.pds_url or None,
        amount_due_back=money(cover.amount_due_back, cover.currency),
        links=cover,  # opened only where they are asked for
    )


def _links_of(cover: Cover, context: Any) -> InsurancePolicyLinks | None:
    """Return the links of a policy to who may open it."""
    links = opened(cover)
    if links is None:
        return None
    owner_id = orders.owner_of(cover.order_id)
    if not context.requestor().may_open(owner_id, context.channel_id):
        return None
    return InsurancePolicyLinks(**links.model_dump())


def _products_of(cover: Cover) -> list[InsuranceCoveredProduct]:
    chosen = cover.offer.quotes.filter(is_chosen=True) if cover.offer else ()
    return [
        InsuranceCoveredProduct(
            title=quote.content.get("title", ""), premium=money(quote.premium, cover.currency)
        )
        for quote in chosen
    ]

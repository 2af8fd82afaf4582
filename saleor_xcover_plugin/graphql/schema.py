"""The storefront contract (offer, request, shown, accept, decline, cover) and what staff may do."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

import graphene

from ..checkout import allowances, offer_request, selection
from ..checkout.answer_sequence import turn_of
from ..checkout.held_offer import held_offer
from ..checkout.refusal_counts import count_refusal
from ..clock import utc_now
from ..defect_log import log_defect
from ..errors import Code, Refusal
from ..host import orders
from ..host.ids import uuid_of
from ..models import Cover, Offer
from ..time_limits import DatabaseBusy
from .context import Context
from .staff_schema import StaffMutation, StaffQuery
from .types import (
    InsuranceCover,
    InsuranceError,
    InsuranceOffer,
    cover_of,
    error_of,
    errors_field,
    offer_of,
)

log = logging.getLogger(__name__)


def _checkout_id() -> graphene.ID:
    return graphene.ID(
        required=True, description="Saleor's id of the checkout: the global one or its UUID."
    )


class OfferResult(graphene.ObjectType):
    """An offer, or one error. Both may be missing in the answer of the query insuranceOffer."""

    class Meta:
        name = "InsuranceOfferResult"

    offer = graphene.Field(
        InsuranceOffer, description="The offer as it is after the request; null beside an error."
    )
    errors = errors_field(InsuranceError)


class CoverResult(graphene.ObjectType):
    """The protection of an order, null without one, or one error."""

    class Meta:
        name = "InsuranceCoverResult"

    cover = graphene.Field(
        InsuranceCover, description="The protection of the order; null where it has none."
    )
    errors = errors_field(InsuranceError)


def _answered(result: type, name: str, work: Callable[[], Any], *, busy: Code = Code.BUSY) -> Any:
    """Turn a refusal into a coded error; anything unexpected is logged and masked.

    ``busy`` is the code for a lock of another database session.
    """
    try:
        return result(**{name: work()}, errors=[])
    except Refusal as refusal:
        log.info("xcover.storefront.refused", extra={"code": refusal.code.value})
        return result(errors=[error_of(refusal)])
    except DatabaseBusy as lock:
        log.warning("xcover.storefront.busy", extra={"reason": str(lock)})
        return result(errors=[error_of(Refusal(busy))])
    except Exception:
        log_defect(log, "xcover.storefront.failed")
        return result(errors=[error_of(Refusal(Code.INTERNAL))])


def _offer_result(work: Callable[[], Offer | None], *, busy: Code = Code.BUSY) -> Any:
    def offer() -> InsuranceOffer | None:
        found = work()
        return None if found is None else offer_of(found)

    return _answered(OfferResult, "offer", offer, busy=busy)


def _answering(text: str, context: Context) -> uuid.UUID:
    """Read the checkout of an answer, which counts. Raise ``Refusal``."""
    token = _checkout(text)
    allowances.draw_for_answer(token, context.settings, utc_now(), client=context.client)
    return token


def _checkout(text: str) -> uuid.UUID:
    token = uuid_of(text, "Checkout")
    if token is None:
        raise Refusal(Code.CHECKOUT_NOT_FOUND)
    return token


def _page() -> graphene.ID:
    return graphene.ID(description="A random id of one page load, at most 64 characters.")


def _turn() -> graphene.Int:
    return graphene.Int(
        description="Counts the answers of that page upward. The highest wins, in whatever order "
        "they arrive; a late lower one changes nothing and gets the present offer."
    )


def _cover_in(channel_id: int, order_id: uuid.UUID) -> Cover | None:
    """Return the cover of an order of this channel; None for one without.

    Raise ``Refusal`` if there is no such order in it. A cover may still name the channel its order
    was moved from.
    """
    cover = Cover.objects.filter(order_id=order_id).first()
    is_ours = cover is not None and cover.channel_id == channel_id
    if not is_ours and orders.channel_of(order_id) != channel_id:
        raise Refusal(Code.ORDER_NOT_FOUND)
    return cover


class Query(StaffQuery, graphene.ObjectType):
    """Read offers and covers. Nothing here changes anything or calls XCover."""

    insurance_offer = graphene.Field(
        OfferResult,
        required=True,
        checkout_id=_checkout_id(),
        description="The live offer of a checkout. Reading it changes nothing and calls nobody. "
        "Null where the offer is to be requested (insuranceOfferRequest): there is none, it is no "
        "longer valid, or the checkout has to be checked again.",
    )
    insurance_cover = graphene.Field(
        CoverResult,
        required=True,
        order_token=graphene.ID(
            required=True, description="Saleor's id of the order: the global one or its UUID."
        ),
        description="The cover of an order; null without one. ORDER_NOT_FOUND where the channel "
        "has no such order.",
    )

    @staticmethod
    def resolve_insurance_offer(_root: Any, info: Any, checkout_id: str) -> OfferResult:
        context: Context = info.context

        def work() -> Offer | None:
            token = _checkout(checkout_id)
            return held_offer(token, context.channel_id, context.settings, utc_now())

        return _offer_result(work, busy=Code.OFFER_PENDING)

    @staticmethod
    def resolve_insurance_cover(_root: Any, info: Any, order_token: str) -> CoverResult:
        context: Context = info.context

        def work() -> InsuranceCover | None:
            order_id = uuid_of(order_token, "Order")
            if order_id is None:
                raise Refusal(Code.ORDER_NOT_FOUND)
            cover = _cover_in(context.channel_id, order_id)
            return cover_of(cover) if cover else None

        return _answered(CoverResult, "cover", work)


class InsuranceOfferRequest(graphene.Mutation):
    """Return the live offer of a checkout; XCover is asked for one where there is none.

    The offer counts as shown, so request it when you show it.
    """

    class Arguments:
        checkout_id = _checkout_id()

    Output = OfferResult

    @staticmethod
    def mutate(_root: Any, info: Any, checkout_id: str) -> OfferResult:
        context: Context = info.context

        def work() -> Offer:
            token = _checkout(checkout_id)
            try:
                offer = offer_request.ensure_offer(
                    token, context.channel_id, context.settings, utc_now, client=context.client
                )
            except Refusal as refusal:
                count_refusal(context.channel_id, refusal.code, utc_now())
                raise
            return selection.show(offer, now=utc_now())

        # A page that waits for a price goes on waiting, and asks again by itself.
        return _offer_result(work, busy=Code.OFFER_PENDING)


class InsuranceShown(graphene.Mutation):
    """Tell that the shopper has seen the offer (for storefronts that read it elsewhere).

    It counts while the offer holds; with an error nothing was counted.
    """

    class Arguments:
        checkout_id = _checkout_id()

    Output = OfferResult

    @staticmethod
    def mutate(_root: Any, info: Any, checkout_id: str) -> OfferResult:
        context: Context = info.context
        return _offer_result(
            lambda: selection.report_shown(
                _checkout(checkout_id), context.channel_id, context.settings, now=utc_now()
            )
        )


class InsuranceAccept(graphene.Mutation):
    """Say yes: put the cover line with the exact premium into the checkout."""

    class Arguments:
        checkout_id = _checkout_id()
        quote_ids = graphene.List(
            graphene.NonNull(graphene.ID),
            required=True,
            description="The chosen quotes of the offer, at least one.",
        )
        content_hash = graphene.String(
            required=True,
            description="contentHash of the offer that was shown: of other terms it is refused.",
        )
        page = _page()
        turn = _turn()

    Output = OfferResult

    @staticmethod
    def mutate(
        _root: Any,
        info: Any,
        checkout_id: str,
        quote_ids: list[str],
        content_hash: str,
        page: str | None = None,
        turn: int | None = None,
    ) -> OfferResult:
        context: Context = info.context
        return _offer_result(
            lambda: selection.accept(
                _answering(checkout_id, context),
                context.channel_id,
                context.settings,
                quote_ids=quote_ids,
                content_hash=content_hash,
                now=utc_now(),
                turn=turn_of(page, turn),
            )
        )


class InsuranceDecline(graphene.Mutation):
    """Say no: a cover line put in before goes."""

    class Arguments:
        checkout_id = _checkout_id()
        page = _page()
        turn = _turn()

    Output = OfferResult

    @staticmethod
    def mutate(
        _root: Any, info: Any, checkout_id: str, page: str | None = None, turn: int | None = None
    ) -> OfferResult:
        context: Context = info.context
        return _offer_result(
            lambda: selection.decline(
                _answering(checkout_id, context),
                context.channel_id,
                context.settings,
                now=utc_now(),
                turn=turn_of(page, turn),
            )
        )


class Mutation(StaffMutation, graphene.ObjectType):
    """Request and answer offers, and carry out decisions of staff. One per request."""

    insurance_offer_request = InsuranceOfferRequest.Field(required=True)
    insurance_shown = InsuranceShown.Field(required=True)
    insurance_accept = InsuranceAccept.Field(required=True)
    insurance_decline = InsuranceDecline.Field(required=True)


schema = graphene.Schema(query=Query, mutation=Mutation)

"""Let the last answer of a page win, whatever order its answers arrive in (ADR 15).

Between pages the order of arrival counts. The turns are kept with the offers of a checkout and
handed on to its next one, because an answer may be under way while the offer is asked for again.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction

from ..domain.answer_order import AnswerTurn, Memory, Place, place_of, remember
from ..domain.states import OfferStatus
from ..errors import Code, Refusal
from ..host import checkouts
from ..models import Offer

_PAGE = re.compile(r"[!-~]{1,64}")
ASKED_ELSEWHERE = (Code.CHECKOUT_NOT_FOUND, Code.CHECKOUT_IN_OTHER_CHANNEL)

R = TypeVar("R")


def turn_of(page: str | None, number: int | None) -> AnswerTurn | None:
    """Read what a storefront sent; None when it numbers nothing. Raise ``Refusal``."""
    if page is None and number is None:
        return None
    if page is None or number is None or number < 0 or not _PAGE.fullmatch(page):
        raise Refusal(Code.BAD_REQUEST, ("page", "turn"))
    return AnswerTurn(page, number)


def turns_of(token: uuid.UUID) -> list[Any]:
    """Return the remembered turns of a checkout's pages, for its next offer."""
    turns: list[Any] = _offers(token).values_list("turns", flat=True).first() or []
    return turns


def in_turn(
    token: uuid.UUID,
    turn: AnswerTurn | None,
    answer: Callable[[Any], R],
    *,
    insures: bool,
    present: Callable[[], R],
    now: datetime,
    refused: Callable[[Refusal], None] = lambda _: None,
) -> R:
    """Hold the checkout's lock and answer, unless its page has answered later already.

    ``answer`` gets the locked checkout, None when it is gone. ``present`` returns the offer as it
    is, for a late turn. ``insures`` tells a yes from a no: only a no is taken when it is unsure
    whether its page has gone on. ``refused`` runs under the same lock after a refusal, which undid
    what ``answer`` had written. A refusal counts as a turn too: what came before it is still
    earlier. Raise ``Refusal``.
    """
    refusal: Refusal | None = None
    with checkouts.locked(token) as checkout:
        known = turns_of(token) if turn else []
        place = place_of(known, turn) if turn else Place.NEXT
        if place == Place.LATE:
            return present()
        if place == Place.UNSURE and insures:
            raise Refusal(Code.OFFER_STALE)
        try:
            with transaction.atomic():
                done = answer(checkout)
        except Refusal as caught:
            refusal = caught
            refused(caught)
        is_answer = refusal is None or refusal.code not in ASKED_ELSEWHERE
        if turn and place == Place.NEXT and is_answer:
            _keep(checkout, remember(known, turn, was_taken=refusal is None), now)
    if refusal is not None:
        raise refusal
    return done


def _keep(checkout: Any, turns: Memory, now: datetime) -> None:
    """Keep the turns with the latest offer of a locked checkout.

    Before its first offer they get a row of their own that was over from the start: it is never
    live, shown or sent, and it is purged as an offer nobody saw.
    """
    latest = _offers(checkout.pk).values_list("pk", flat=True).first()
    if latest is not None:
        Offer.objects.filter(pk=latest).update(turns=turns)
        return
    Offer.objects.create(
        channel_id=checkout.channel_id,
        checkout_token=checkout.pk,
        status=OfferStatus.ABANDONED.value,
        currency=checkout.currency,
        turns=turns,
        created_at=now,
        updated_at=now,
    )


def _offers(token: uuid.UUID) -> Any:
    return Offer.objects.filter(checkout_token=token).order_by("-pk")

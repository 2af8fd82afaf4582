"""Let the last answer of a page win, whatever sequence its answers arrive in.

docs/adr/0015-the-last-answer-wins.md has the reasons. Between pages the sequence of arrival counts.
A page numbers its answers; the numbers are called turns. They are stored in the offers of a
checkout and copied to its next offer, because an answer may arrive while the offer is replaced.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction

from ..domain.answer_sequence import AnswerTurn, Memory, Place, place_of, remember
from ..domain.states import OfferStatus
from ..errors import Code, Refusal
from ..host import checkouts
from ..models import Offer

_PAGE = re.compile(r"[!-~]{1,64}")

ASKED_ELSEWHERE = (Code.CHECKOUT_NOT_FOUND, Code.CHECKOUT_IN_OTHER_CHANNEL)
"""Refusals of requests for a checkout that is not there; they do not count as a turn."""

R = TypeVar("R")


def turn_of(page: str | None, number: int | None) -> AnswerTurn | None:
    """Return the turn a storefront sent; None when it sends neither page nor number.

    ``page`` is 1 to 64 printable ASCII characters, ``number`` is 0 or more. Raise ``Refusal``
    (``BAD_REQUEST``) for anything else.
    """
    if page is None and number is None:
        return None
    if page is None or number is None or number < 0 or not _PAGE.fullmatch(page):
        raise Refusal(Code.BAD_REQUEST, ("page", "turn"))
    return AnswerTurn(page, number)


def turns_of(token: uuid.UUID) -> list[Any]:
    """Return the stored turns of a checkout's pages, to be copied to its next offer."""
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
    """Lock the checkout and call ``answer``, unless its page has answered later already.

    ``answer`` gets the locked checkout, or None when it is gone. If the turn is late, the result of
    ``present`` is returned instead. ``insures`` is True for a yes: when the page is not remembered,
    only a no is accepted.

    Raise ``Refusal`` as ``answer`` does, after its changes were rolled back and ``refused`` was
    called under the same lock. A refusal counts as a turn too, so that earlier answers of the page
    stay late. Raise ``Refusal`` (``OFFER_STALE``) also for a yes whose page is not remembered.
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
    """Store the turns in the latest offer of a locked checkout.

    Before the first offer they are stored in an abandoned one of their own. It is never live, shown
    or sent, and it is purged like an offer that was not shown.
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

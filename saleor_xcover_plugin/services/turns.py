"""The last answer wins: a page numbers its answers, and one that arrives late changes nothing.

Between pages the order of arrival counts. Kept with the offers of a checkout, because an answer may
be under way while the offer is asked for again.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import transaction

from ..errors import Code, Refusal
from ..host import checkouts
from ..models import Offer

MOST_PAGES = 16
"""Pages of one checkout that are remembered, the latest."""

_PAGE = re.compile(r"[!-~]{1,64}")

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of one page load: ``page`` is a random id, ``number`` grows with each answer."""

    page: str
    number: int


def turn_of(page: str | None, number: int | None) -> Turn | None:
    """Read what a storefront sent; None for one that numbers nothing. Raise ``Refusal``."""
    if page is None and number is None:
        return None
    if page is None or number is None or number < 0 or not _PAGE.fullmatch(page):
        raise Refusal(Code.BAD_REQUEST, ("page", "turn"))
    return Turn(page, number)


def turns_of(token: uuid.UUID) -> list[Any]:
    """Return what is remembered of a checkout's pages, for its next offer."""
    turns: list[Any] = _offers(token).values_list("turns", flat=True).first() or []
    return turns


def in_turn(
    token: uuid.UUID,
    turn: Turn | None,
    answer: Callable[[Any], R],
    *,
    present: Callable[[], R],
) -> R:
    """Hold the checkout's lock and answer, unless its page has answered later already.

    ``answer`` gets the locked checkout, None when it is gone; ``present`` says what holds when
    nothing was done. A refusal counts as a turn too: what came before it is still earlier.
    """
    with checkouts.locked(token) as checkout:
        if turn is None:
            return answer(checkout)
        known = turns_of(token)
        if _is_late(known, turn):
            return present()
        try:
            with transaction.atomic():
                done = answer(checkout)
        except Refusal as refusal:
            _note(token, known, turn, was_taken=False)
            refused = refusal
        else:
            _note(token, known, turn, was_taken=True)
            return done
    raise refused


def _is_late(known: list[Any], turn: Turn) -> bool:
    """Whether the page has gone on. An answer that was taken is not taken twice."""
    for page, number, was_taken in known:
        if page == turn.page:
            return bool(turn.number < number or (turn.number == number and was_taken))
    return False


def _note(token: uuid.UUID, known: list[Any], turn: Turn, *, was_taken: bool) -> None:
    others = [entry for entry in known if entry[0] != turn.page]
    turns = [*others, [turn.page, turn.number, was_taken]][-MOST_PAGES:]
    latest = _offers(token).values_list("pk", flat=True).first()
    Offer.objects.filter(pk=latest).update(turns=turns)


def _offers(token: uuid.UUID) -> Any:
    return Offer.objects.filter(checkout_token=token).order_by("-pk")

"""Order the answers of storefront pages, with a bounded memory of the pages.

The memory is plain JSON: ``[page, highest turn, whether that answer was taken]`` for each page, the
one that answered last at the end. Pages that no longer fit are summed up in one entry whose page is
empty: the highest turn any of them gave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MAX_PAGES = 16
"""Pages of one checkout that are remembered by themselves."""

_FORGOTTEN = ""
"""The page of the entry for all pages that are not remembered; no real page id is empty."""

Memory = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class AnswerTurn:
    """One answer of one page load: ``page`` is a random id, ``number`` grows with each answer."""

    page: str
    number: int


class Place(StrEnum):
    """Where a turn stands among those its page has given."""

    NEXT = "next"
    """It is later than all of them."""
    LATE = "late"
    """The page has answered later already, or this very answer was taken."""
    UNSURE = "unsure"
    """The page is not remembered, and a forgotten page may have answered later."""


def place_of(memory: Memory, turn: AnswerTurn) -> Place:
    """Compare a turn with what is remembered of its page.

    A turn that was refused may be tried again, as long as its page is remembered.
    """
    for page, number, was_taken in memory:
        if page == turn.page:
            is_late = turn.number < number or (turn.number == number and was_taken)
            return Place.LATE if is_late else Place.NEXT
    return Place.NEXT if turn.number > _forgotten(memory) else Place.UNSURE


def remember(memory: Memory, turn: AnswerTurn, *, was_taken: bool) -> list[list[Any]]:
    """Return the memory with this turn as the last one of its page, the oldest page forgotten."""
    others = [list(entry) for entry in memory if entry[0] not in (turn.page, _FORGOTTEN)]
    pages = [*others, [turn.page, turn.number, was_taken]]
    gone, kept = pages[:-MAX_PAGES], pages[-MAX_PAGES:]
    highest = max([_forgotten(memory), *(number for _, number, _ in gone)])
    return [[_FORGOTTEN, highest, True], *kept] if highest >= 0 else kept


def _forgotten(memory: Memory) -> int:
    """Return the highest turn of the forgotten pages, -1 while there are none."""
    return max((number for page, number, _ in memory if page == _FORGOTTEN), default=-1)

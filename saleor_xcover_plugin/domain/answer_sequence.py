"""Put the answers of storefront pages in order, with a bounded memory of the pages.

The memory is plain JSON: ``[page, highest turn, was the answer taken]`` for each page, the one that
answered last at the end. Pages that no longer fit are merged into one entry with an empty page and
the highest turn of any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MAX_PAGES = 16
"""Pages of one checkout that have an entry of their own."""

_FORGOTTEN = ""
"""The page of the entry for all pages that are not remembered; no real page id is empty."""

Memory = Sequence[Sequence[Any]]
"""The memory of one checkout, as it is stored."""


@dataclass(frozen=True, slots=True)
class AnswerTurn:
    """The number of one answer within one page load."""

    page: str
    """Random id of the page load."""
    number: int
    """Grows with each answer of the page."""


class Place(StrEnum):
    """The place of a turn among those its page has given."""

    NEXT = "next"
    """It is later than all of them."""
    LATE = "late"
    """The page has given a later answer, or this answer was taken before."""
    UNSURE = "unsure"
    """The page is not in the memory, and a forgotten page may have given a later answer."""


def place_of(memory: Memory, turn: AnswerTurn) -> Place:
    """Compare a turn with the memory of its page.

    A turn whose answer was refused may be repeated, as long as its page is in the memory.
    """
    for page, number, was_taken in memory:
        if page == turn.page:
            is_late = turn.number < number or (turn.number == number and was_taken)
            return Place.LATE if is_late else Place.NEXT
    return Place.NEXT if turn.number > _forgotten(memory) else Place.UNSURE


def remember(memory: Memory, turn: AnswerTurn, *, was_taken: bool) -> list[list[Any]]:
    """Return a copy of the memory with this turn as the last one of its page.

    The oldest page is merged into the entry of forgotten pages if there are too many.
    """
    others = [list(entry) for entry in memory if entry[0] not in (turn.page, _FORGOTTEN)]
    pages = [*others, [turn.page, turn.number, was_taken]]
    gone, kept = pages[:-MAX_PAGES], pages[-MAX_PAGES:]
    highest = max([_forgotten(memory), *(number for _, number, _ in gone)])
    return [[_FORGOTTEN, highest, True], *kept] if highest >= 0 else kept


def _forgotten(memory: Memory) -> int:
    """Return the highest turn of the forgotten pages, -1 while there are none."""
    return max((number for page, number, _ in memory if page == _FORGOTTEN), default=-1)

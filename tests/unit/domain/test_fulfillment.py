"""The cover line follows the tickets: an insured order ends as an uninsured one would."""

from itertools import product

import pytest

from saleor_xcover_plugin.domain.fulfillment import CoverStep, Pieces, Progress, next_step

TICKETS = [
    Pieces(ordered, handed_out, awaiting, returned)
    for ordered, handed_out, awaiting, returned in product(range(4), repeat=4)
    if awaiting + returned <= handed_out <= ordered
]
COVERS = [Pieces(1, 0), Pieces(1, 1), Pieces(1, 1, awaiting=1), Pieces(1, 1, returned=1)]
AFTER = {
    CoverStep.HAND_OUT: Pieces(1, 1),
    CoverStep.TAKE_BACK: Pieces(1, 0),
    CoverStep.RETURN: Pieces(1, 1, returned=1),
}


def together(tickets: Pieces, cover: Pieces) -> Pieces:
    return Pieces(
        tickets.ordered + cover.ordered,
        tickets.handed_out + cover.handed_out,
        tickets.awaiting + cover.awaiting,
        tickets.returned + cover.returned,
    )


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        (Pieces(0, 0), None),
        (Pieces(2, 0), Progress.UNFULFILLED),
        (Pieces(2, 2, awaiting=2), Progress.UNFULFILLED),
        (Pieces(2, 1), Progress.PARTIALLY_FULFILLED),
        (Pieces(2, 2, awaiting=1), Progress.PARTIALLY_FULFILLED),
        (Pieces(2, 2), Progress.FULFILLED),
        (Pieces(2, 2, returned=1), Progress.PARTIALLY_RETURNED),
        (Pieces(2, 2, returned=2), Progress.RETURNED),
    ],
)
def test_an_order_has_the_status_saleor_gives_its_pieces(
    pieces: Pieces, status: Progress | None
) -> None:
    assert pieces.progress == status


@pytest.mark.parametrize("cover", COVERS)
def test_one_step_makes_the_status_that_of_the_tickets(cover: Pieces) -> None:
    """Every state of up to three tickets; only a cover returned by itself keeps its own."""
    left: set[tuple[Progress | None, Progress | None]] = set()
    for tickets in TICKETS:
        if tickets.ordered == 0:
            continue
        status = together(tickets, cover).progress
        assert status is not None
        step = next_step(status, tickets)
        after = together(tickets, AFTER[step] if step else cover).progress
        if after != tickets.progress:
            left.add((after, tickets.progress))
    returned_alone = {
        (Progress.PARTIALLY_RETURNED, Progress.PARTIALLY_FULFILLED),
        (Progress.PARTIALLY_RETURNED, Progress.UNFULFILLED),
        (Progress.PARTIALLY_RETURNED, Progress.FULFILLED),
    }
    assert left <= (returned_alone if cover.returned else set())


@pytest.mark.parametrize("status", ["draft", "unconfirmed", "unfulfilled", "canceled", "expired"])
def test_an_order_that_nobody_hands_out_is_left_alone(status: str) -> None:
    assert {next_step(status, tickets) for tickets in TICKETS} == {None}


def test_nothing_is_left_to_do_once_the_order_is_as_its_tickets() -> None:
    for tickets in TICKETS:
        if tickets.progress is not None:
            assert next_step(tickets.progress, tickets) is None

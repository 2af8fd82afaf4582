"""Write a transition of a cover, cancellation or modification with everything that goes with it.

That is the row, the log event, the metric, the note in the order's history and the metadata. The
caller names a transition from the table below and gives the sentence for staff; the table says
where each is written, so that row, log and note agree. The caller is in a transaction and holds
the locks of the rows.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..checkout.public_summary import is_over, of_cover
from ..domain.states import CancellationStatus, CoverStatus, ModificationStatus
from ..host import metadata, telemetry
from ..models import Cancellation, Cover, Modification
from . import papers

log = logging.getLogger(__name__)

Row = Cover | Cancellation | Modification
"""The rows whose transitions are written here."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A transition to a status, and where it is written besides the row."""

    status: CoverStatus | CancellationStatus | ModificationStatus
    """The new status of the row."""
    event: str = ""
    """Name of the log event; empty if nothing is logged."""
    level: int = logging.INFO
    """Log level of ``event``."""
    counted_as: str = ""
    """Label under which the metric of policies counts it; empty if it is not counted."""
    stored_in: str = ""
    """Column that keeps the sentence; empty if none does."""
    is_noted: bool = True
    """True if the sentence, where one is given, also goes into the order's history."""
    is_shown: bool = False
    """True if the summary for storefronts in the order's metadata is rewritten."""
    names_policy: bool = False
    """True if ``xcover.policy`` in the private metadata is written with ``fact``."""
    log_field: str = "booking"
    """Field of the log event beside the order: ``booking``, if there is one, or ``code``."""
    fact: str = ""
    """New ``xcover.status`` in the order's private metadata; empty if it does not change."""


COVER_PLACED = Transition(CoverStatus.PLACED)
"""The cover is sold and waits for the order to be paid."""
COVER_CONFIRMING = Transition(CoverStatus.CONFIRMING)
"""The order is paid and XCover is asked for the policy."""
COVER_CONFIRMED = Transition(
    CoverStatus.CONFIRMED,
    "xcover.cover.confirmed",
    counted_as="confirmed",
    fact="confirmed",
    names_policy=True,
)
"""XCover made the policy."""
COVER_PARKED = Transition(
    CoverStatus.PARKED,
    "xcover.cover.parked",
    logging.ERROR,
    counted_as="parked",
    stored_in="reason",
    is_shown=True,
    log_field="code",
)
"""No policy is made until staff decide."""
COVER_SOLD_PARKED = replace(COVER_PARKED, is_shown=False)
"""The same for an order seen for the first time, whose summary is corrected with all else."""
COVER_LET_GO = Transition(CoverStatus.PARKED, stored_in="reason")
"""The offer of the cover insures another order of the same checkout."""
COVER_VOID = Transition(CoverStatus.VOID, stored_in="reason", is_noted=False)
"""Nothing is insured: the order ended, or the line was taken out, before a policy was made."""
COVER_NOT_WANTED = Transition(
    CoverStatus.VOID,
    "xcover.cover.not_wanted",
    logging.WARNING,
    counted_as="not_wanted",
    stored_in="reason",
    is_shown=True,
)
"""Staff decided that no policy is made."""
COVER_CANCELLING = Transition(CoverStatus.CANCELLING)
"""A cancellation of the policy is under way at XCover."""
COVER_STAYS = Transition(CoverStatus.CONFIRMED)
"""The cancellation stopped: as far as is known the policy is in force."""
COVER_CANCELLED = Transition(
    CoverStatus.CANCELLED,
    "xcover.cover.cancelled",
    counted_as="cancelled",
    is_shown=True,
    fact="cancelled",
)
"""XCover cancelled the policy at the plugin's request."""
COVER_CANCELLED_ELSEWHERE = Transition(CoverStatus.CANCELLED, is_shown=True, fact="cancelled")
"""The policy was cancelled without the plugin: by the buyer, or by Cover Genius."""

CANCELLATION_REQUESTED = Transition(CancellationStatus.REQUESTED)
"""XCover is asked for a preview of the cancellation."""
CANCELLATION_CONFIRMING = Transition(
    CancellationStatus.CONFIRMING, stored_in="sentence", is_noted=False
)
"""The preview was accepted and XCover is asked to carry it out."""
CANCELLATION_CANCELLED = Transition(CancellationStatus.CANCELLED)
"""XCover carried out the cancellation."""
CANCELLATION_PARKED = Transition(
    CancellationStatus.PARKED, "xcover.cancellation.parked", logging.WARNING, stored_in="sentence"
)
"""Nothing is cancelled until staff decide."""
CANCELLATION_KEPT = Transition(CancellationStatus.KEPT, stored_in="sentence", is_noted=False)
"""The policy stays in force and no decision is needed."""
CANCELLATION_KEPT_BY_STAFF = Transition(CancellationStatus.KEPT, stored_in="sentence")
"""Staff decided that the policy stays in force."""

MODIFICATION_REQUESTED = Transition(ModificationStatus.REQUESTED)
"""XCover is asked for a preview of the change of the buyer's details."""
MODIFICATION_CONFIRMING = Transition(
    ModificationStatus.CONFIRMING, stored_in="sentence", is_noted=False
)
"""The preview was free of charge and XCover is asked to apply it."""
MODIFICATION_APPLIED = Transition(
    ModificationStatus.APPLIED, "xcover.modification.applied", stored_in="sentence"
)
"""The policy has the buyer's new details."""
MODIFICATION_PARKED = Transition(
    ModificationStatus.PARKED, "xcover.modification.parked", logging.WARNING, stored_in="sentence"
)
"""The policy stays as it is until staff decide."""
MODIFICATION_DROPPED = Transition(ModificationStatus.DROPPED, stored_in="sentence", is_noted=False)
"""The change is not needed any more; nothing is sent."""


def apply(
    row: Row, transition: Transition, now: datetime, sentence: str = "", **columns: Any
) -> None:
    """Move ``row`` to the status of ``transition``, save ``columns``, and write what goes with it.

    ``sentence`` is for staff, in plain words; ``transition`` says which column keeps it and whether
    it goes into the order's history. ``now`` is in UTC. Raise ``TransitionRefused`` if the row may
    not go from its present status to the new one; nothing is written then.
    """
    if transition.stored_in and sentence:
        columns[transition.stored_in] = sentence
    if isinstance(row, Cover) and transition.status == CoverStatus.CANCELLED:
        columns["sealed_links"] = None  # they would open a policy that is over
    row.transition_to(transition.status, now, **columns)
    tell(row, transition, sentence)


def tell(row: Row, transition: Transition, sentence: str = "") -> None:
    """Write what goes with ``transition`` for a row that was created or saved in its new status."""
    cover = row if isinstance(row, Cover) else row.cover
    _announce(cover, transition)
    if transition.fact:
        metadata.write_order_facts(cover.order_id, _facts(cover, transition))
    if transition.is_shown:
        metadata.write_order_summary(cover.order_id, of_cover(cover))
    if transition.is_shown or transition.fact:
        write_papers(cover)
    if transition.is_noted:
        add_note(cover.order_id, sentence)


def tell_covers(sentences: Mapping[Cover, str], transition: Transition) -> None:
    """Write what goes with ``transition`` for several covers, as ``tell`` does for one.

    For transitions with a fact and a note that is not shown to storefronts. ``sentences`` are for
    staff.
    """
    for cover in sentences:
        _announce(cover, transition)
    metadata.tell_orders(
        {
            cover.order_id: (_facts(cover, transition), papers_of(cover), said)
            for cover, said in sentences.items()
        }
    )


def write_papers(cover: Cover) -> None:
    """Write what the papers of the order may say about its protection."""
    metadata.write_papers(cover.order_id, papers_of(cover))


def papers_of(cover: Cover) -> dict[str, str]:
    """Return what the papers of the order may say about its protection."""
    facts = papers.of_row(cover, is_over=is_over(cover))
    return {**facts, **papers.of_quotes(cover)} if facts else {}


def correct_papers(
    cover: Cover | None, order_id: uuid.UUID, found: Mapping[str, str] | None
) -> None:
    """Correct the facts ``found`` in the order's metadata, which Saleor copied from the checkout.

    Those are compared that the cover's row tells. None stands for an order whose cover is new: all
    are written, whatever the checkout said.
    """
    right = papers.of_row(cover, is_over=is_over(cover)) if cover is not None else {}
    is_right = found is not None and right.items() <= found.items() and bool(right) == bool(found)
    if not is_right:
        metadata.write_papers(order_id, papers_of(cover) if cover is not None else {})


def _announce(cover: Cover, transition: Transition) -> None:
    """Count and log a transition, where the table says so."""
    if transition.counted_as:
        telemetry.count(telemetry.POLICIES, event=transition.counted_as)
    if transition.event:
        log.log(transition.level, transition.event, extra=_named(cover, transition))


def _facts(cover: Cover, transition: Transition) -> dict[str, str]:
    """Return the order's private metadata to write with a transition."""
    facts = {"xcover.status": transition.fact}
    if transition.names_policy:
        facts["xcover.policy"] = str(cover.booking_id)
    return facts


def park_cover(
    cover: Cover,
    code: str,
    sentence: str,
    now: datetime,
    *,
    due_back: Decimal | None = None,
    booking_id: str | None = None,
) -> None:
    """Park a cover: no policy is made until staff decide.

    ``code`` is a ``ReasonCode``. ``sentence`` tells staff in plain words what happened and what to
    do. ``due_back`` is the whole amount owed to the buyer for the cover, in the cover's currency,
    including any part that was refunded already; None leaves the amount as it is. Raise
    ``TransitionRefused`` as ``apply`` does.
    """
    changes: dict[str, Any] = {"booking_id": booking_id} if booking_id else {}
    if due_back is not None:
        changes |= {"amount_due_back": due_back, "for_cover_when_due": Decimal(0)}
    apply(cover, COVER_PARKED, now, sentence, reason_code=code, **changes)


def show(order_id: uuid.UUID, summary: str) -> None:
    """Replace the public summary of an order, which storefronts show, by ``summary``."""
    metadata.write_order_summary(order_id, summary)


def add_note(order_id: uuid.UUID, sentence: str) -> None:
    """Add a sentence to the order's history.

    Do nothing if the sentence is empty or the order no longer exists.
    """
    if sentence:
        metadata.add_order_note(order_id, sentence)


def _named(cover: Cover, transition: Transition) -> dict[str, str]:
    """Return the fields of a log event: the order, its policy if it has one, or the reason code."""
    value = {"booking": cover.booking_id, "code": cover.reason_code}[transition.log_field]
    named = {transition.log_field: str(value)} if value else {}
    return {"order": str(cover.order_number), **named}

"""Write everything that belongs to one change: the row, log, metric, order note and summaries.

A caller names the change and gives the sentence for staff. The tables below say the rest, so that
row, log event and order note never tell different stories. The caller is in a transaction and holds
the locks of the rows.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..checkout.public_summary import of_cover
from ..domain.states import CancellationStatus, CoverStatus, ModificationStatus
from ..host import metadata, telemetry
from ..models import Cancellation, Cover, Modification

log = logging.getLogger(__name__)

Row = Cover | Cancellation | Modification


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state, and what is written with it."""

    status: CoverStatus | CancellationStatus | ModificationStatus
    event: str = ""
    """The log event; without one nothing is logged."""
    level: int = logging.INFO
    counted_as: str = ""
    """How the metric of policies counts it, if it does."""
    stored_in: str = ""
    """The column that keeps the sentence, if one does."""
    is_noted: bool = True
    """The sentence, where one is given, also goes into the order's history."""
    is_shown: bool = False
    """Storefronts are shown at once what the order's summary says now."""
    fact: str = ""
    """What the order's private metadata says as ``xcover.status``, if it changes."""


COVER_PLACED = Change(CoverStatus.PLACED)
COVER_CONFIRMING = Change(CoverStatus.CONFIRMING)
COVER_CONFIRMED = Change(
    CoverStatus.CONFIRMED, "xcover.cover.confirmed", counted_as="confirmed", fact="confirmed"
)
COVER_PARKED = Change(
    CoverStatus.PARKED,
    "xcover.cover.parked",
    logging.ERROR,
    counted_as="parked",
    stored_in="reason",
    is_shown=True,
)
COVER_LET_GO = Change(CoverStatus.PARKED, stored_in="reason")
"""Its offer insures another order of the same checkout."""
COVER_VOID = Change(CoverStatus.VOID, stored_in="reason", is_noted=False)
COVER_NOT_WANTED = Change(
    CoverStatus.VOID,
    "xcover.cover.not_wanted",
    logging.WARNING,
    counted_as="not_wanted",
    stored_in="reason",
    is_shown=True,
)
COVER_CANCELLING = Change(CoverStatus.CANCELLING)
COVER_STAYS = Change(CoverStatus.CONFIRMED)
"""The policy is not cancelled: it is in force as far as is known."""
COVER_CANCELLED = Change(
    CoverStatus.CANCELLED,
    "xcover.cover.cancelled",
    counted_as="cancelled",
    is_shown=True,
    fact="cancelled",
)
COVER_CANCELLED_ELSEWHERE = Change(CoverStatus.CANCELLED, is_shown=True, fact="cancelled")

CANCELLATION_REQUESTED = Change(CancellationStatus.REQUESTED)
CANCELLATION_CONFIRMING = Change(
    CancellationStatus.CONFIRMING, stored_in="sentence", is_noted=False
)
CANCELLATION_CANCELLED = Change(CancellationStatus.CANCELLED)
CANCELLATION_PARKED = Change(
    CancellationStatus.PARKED, "xcover.cancellation.parked", logging.WARNING, stored_in="sentence"
)
CANCELLATION_KEPT = Change(CancellationStatus.KEPT, stored_in="sentence", is_noted=False)
CANCELLATION_KEPT_BY_STAFF = Change(CancellationStatus.KEPT, stored_in="sentence")

MODIFICATION_REQUESTED = Change(ModificationStatus.REQUESTED)
MODIFICATION_CONFIRMING = Change(
    ModificationStatus.CONFIRMING, stored_in="sentence", is_noted=False
)
MODIFICATION_APPLIED = Change(
    ModificationStatus.APPLIED, "xcover.modification.applied", stored_in="sentence"
)
MODIFICATION_PARKED = Change(
    ModificationStatus.PARKED, "xcover.modification.parked", logging.WARNING, stored_in="sentence"
)
MODIFICATION_DROPPED = Change(ModificationStatus.DROPPED, stored_in="sentence", is_noted=False)


def apply(row: Row, change: Change, now: datetime, sentence: str = "", **columns: Any) -> None:
    """Change the state of a row, save ``columns`` with it, and write what belongs to the change.

    ``sentence`` is for staff, in plain words; the change says which column keeps it and whether it
    goes into the order's history. ``now`` is in UTC. Raise ``TransitionRefused`` where the table of
    states forbids the change; nothing is written then.
    """
    if change.stored_in and sentence:
        columns[change.stored_in] = sentence
    row.transition_to(change.status, now, **columns)
    tell(row, change, sentence)


def tell(row: Row, change: Change, sentence: str = "") -> None:
    """Write what belongs to a change whose row is in its new state already."""
    cover = row if isinstance(row, Cover) else row.cover
    if change.counted_as:
        telemetry.count(telemetry.POLICIES, event=change.counted_as)
    if change.event:
        log.log(change.level, change.event, extra=_named(cover, change))
    if change.fact:
        facts = {"xcover.status": change.fact}
        if change is COVER_CONFIRMED:
            facts["xcover.policy"] = str(cover.booking_id)
        metadata.write_order_facts(cover.order_id, facts)
    if change.is_shown:
        metadata.write_order_summary(cover.order_id, of_cover(cover))
    if change.is_noted:
        add_note(cover.order_id, sentence)


def park_cover(
    cover: Cover,
    code: str,
    sentence: str,
    now: datetime,
    *,
    due_back: Decimal | None = None,
    booking_id: str | None = None,
) -> None:
    """Stop and ask a person.

    ``sentence`` says in plain words what happened and what to do. ``due_back`` is all that is owed
    for the cover in its currency, whatever of it went back already; None where that does not
    change.
    """
    changes: dict[str, Any] = {"booking_id": booking_id} if booking_id else {}
    if due_back is not None:
        changes |= {"amount_due_back": due_back, "for_cover_when_due": Decimal(0)}
    apply(cover, COVER_PARKED, now, sentence, reason_code=code, **changes)


def add_note(order_id: uuid.UUID, sentence: str) -> None:
    """Add a sentence to the order's history; nothing for an empty one, or an order that is gone."""
    if sentence:
        metadata.add_order_note(order_id, sentence)


def _named(cover: Cover, change: Change) -> dict[str, str]:
    """Return what a log event names: the order, its policy if it has one, and a reason."""
    fields = {"order": str(cover.order_number)}
    if cover.booking_id and change is not COVER_PARKED:
        fields["booking"] = str(cover.booking_id)
    if change is COVER_PARKED:
        fields["code"] = str(cover.reason_code)
    return fields

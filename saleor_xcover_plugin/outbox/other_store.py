"""Recognise offers and policies made before this database was copied from another store.

Nothing about them is sent from here: they belong to the store the copy was taken from.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Model
from django.db.models.functions import Coalesce

from .. import installation
from ..domain.messages import MessageKind
from ..models import Cancellation, Cover, Modification, Offer, OutboxMessage

SENTENCE = (
    "This offer or policy was made by the store whose database was copied here: nothing about it "
    "is sent from this store. Decide about it in that store."
)
"""Told to staff about a parked message of the other store."""

ORDERED_HERE = (
    "The protection of this order was offered by the store whose database was copied here, so no "
    "policy is made: {what}."
)
"""Told to staff about an order made here with such an offer; ``{what}`` is about its money."""


def is_ordered_here(cover: Cover) -> bool:
    """Return True if the order was made after this database became a store of its own."""
    row = installation.found()
    return row is not None and row.copied_at is not None and cover.created_at >= row.copied_at


_OF_COVER = ("cover__offer__created_at", "cover__created_at")
_MADE_AT: Mapping[str, tuple[type[Model], tuple[str, ...]]] = {
    MessageKind.CONFIRM: (Cover, ("offer__created_at", "created_at")),
    MessageKind.OPT_OUT: (Offer, ("created_at",)),
    MessageKind.PREVIEW_CANCELLATION: (Cancellation, _OF_COVER),
    MessageKind.CONFIRM_CANCELLATION: (Cancellation, _OF_COVER),
    MessageKind.PREVIEW_MODIFICATION: (Modification, _OF_COVER),
    MessageKind.CONFIRM_MODIFICATION: (Modification, _OF_COVER),
}
"""Model of each kind's subject, and the columns that date it: the offer's, else the cover's."""


def is_about(message: OutboxMessage) -> bool:
    """Return True if a message's subject was made before this database became its own store."""
    row = installation.found()
    if row is None or row.copied_at is None:
        return False
    made_at = _made_at(message)
    return made_at is not None and made_at < row.copied_at


def _made_at(message: OutboxMessage) -> datetime | None:
    model, columns = _MADE_AT[message.kind]
    subject = model._default_manager.filter(pk=message.subject_id)
    first = Coalesce(*columns) if len(columns) > 1 else columns[0]
    return subject.values_list(first, flat=True).first()

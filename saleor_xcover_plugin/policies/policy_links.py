"""Keep the links that open a policy without a login, encrypted and only while it is in force."""

from __future__ import annotations

import logging

from ..crypto import SealBroken, decrypt, encrypt
from ..domain.states import IN_FORCE
from ..models import Cover
from ..xcover.bookings import BookingLinks

log = logging.getLogger(__name__)


def sealed(links: BookingLinks) -> bytes | None:
    """Return the links encrypted, to be stored; None if XCover named none."""
    kept = links.model_dump_json(exclude_none=True)
    return encrypt(kept.encode()) if kept != "{}" else None


def opened(cover: Cover) -> BookingLinks | None:
    """Return the links of a policy in force.

    None if it is not in force, if XCover named none, or if no known key opens them.
    """
    if cover.sealed_links is None or cover.status not in IN_FORCE:
        return None
    try:
        return BookingLinks.model_validate_json(decrypt(bytes(cover.sealed_links)))
    except SealBroken:
        log.warning("xcover.links.unreadable", extra={"order": cover.order_number})
        return None

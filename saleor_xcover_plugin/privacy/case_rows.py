"""The rows of one case: an offer or several of a checkout, and the cover that came of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from ..domain.retention import Case
from ..models import Cover, Offer


@dataclass
class Rows:
    """The rows of one case, and what was found out about them."""

    offers: list[Offer] = field(default_factory=list)
    cover: Cover | None = None
    case: Case | None = None
    """The facts that decide about retention; None until ``retention_facts.add`` was called."""
    has_evidence: bool = False
    """True if answers of the shopper, or what was shown, still exist."""
    holds_buyer: bool = False
    """True if hashes of the buyer's details, or sealed requests with them, still exist."""

    @property
    def offer_ids(self) -> list[int]:
        """Return the primary keys of the offers."""
        return [offer.pk for offer in self.offers]

    @property
    def key(self) -> uuid.UUID | int:
        """Return the key the case is read by: the checkout token, or the cover's primary key."""
        if self.offers:
            return self.offers[0].checkout_token
        assert self.cover is not None  # noqa: S101 a case is never empty
        return self.cover.pk

"""Walk through the orders of a period and compare each with our tables and with XCover."""

from __future__ import annotations

import logging
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from ...domain.reconciliation import Finding, FindingCode
from ...host import orders
from ...models import Cover, Offer
from ...xcover.errors import XCoverError
from ..align import align
from ..clock import Clock
from ..period import Period
from ..receive_event import look_at_booking
from .at_xcover import Comparison, NotCompared
from .here import Books, compare

log = logging.getLogger(__name__)

PAGE = 200
GRACE = timedelta(minutes=15)
"""Younger work is on its way."""


@dataclass
class Report:
    """What was found. ``compared`` counts the policies looked up at XCover."""

    findings: list[Finding] = field(default_factory=list)
    orders: int = 0
    compared: int = 0
    not_compared: list[str] = field(default_factory=list)
    """Numbers of the orders XCover, or a defect of ours, kept from being compared."""

    @property
    def defects(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.code.is_information]

    @property
    def by_code(self) -> dict[str, int]:
        """Count the differences of each kind, information left out."""
        return dict(Counter(finding.code.value for finding in self.defects))


def reconcile(
    pages: Iterable[Sequence[uuid.UUID]],
    clock: Clock,
    *,
    asks_xcover: bool = True,
    grace: timedelta = GRACE,
    mends: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Compare the orders that have to do with us, of pages of order ids.

    ``mends`` repeats what a hook or a webhook would have done: idempotent, and nothing else.
    ``progress`` hears how many orders were looked at since it was last told.
    """
    report, comparison = Report(), Comparison(clock)
    for page in pages:
        for books in _books(page):
            report.orders += 1
            try:
                found = list(compare(books, clock(), grace))
                if asks_xcover:
                    found += _asked(comparison, books, report)
                report.findings += found
                if mends:
                    _mend(books, found, clock)
            except Exception:  # one broken order must not hide the others
                log.exception("xcover.reconcile.failed", extra={"order": books.order.number})
                report.not_compared.append(books.order.number)
        progress(len(page))
    return report


def _asked(comparison: Comparison, books: Books, report: Report) -> list[Finding]:
    try:
        found = list(comparison.compare(books))
    except NotCompared:
        report.not_compared.append(books.order.number)
        return []
    report.compared += books.cover is not None and bool(books.cover.booking_id)
    return found


def _mend(books: Books, found: Sequence[Finding], clock: Clock) -> None:
    codes = {finding.code for finding in found}
    if FindingCode.CANCELLED_AT_XCOVER_ONLY in codes and books.cover is not None:
        try:
            look_at_booking(books.cover, clock)
        except XCoverError as error:  # it answered a moment ago; found again the next time
            log.warning("xcover.reconcile.not_mended", extra={"error": str(error)})
    if codes - {FindingCode.AMOUNT_DUE_BACK}:
        align(books.order.id, clock())


def orders_of(period: Period) -> Iterator[list[uuid.UUID]]:
    """Yield the ids of the period's orders, page by page in order of creation."""
    position = (period.start, uuid.UUID(int=0))
    while page := orders.created_after(
        position, until=period.end, channel_ids=period.channel_ids, limit=PAGE
    ):
        yield [order_id for _, order_id in page]
        position = page[-1]


def _books(page: Sequence[uuid.UUID]) -> Iterator[Books]:
    ours = orders.with_our_traces(list(page))
    covers = {
        cover.order_id: cover
        for cover in Cover.objects.filter(order_id__in=ours).select_related("offer")
    }
    offers: dict[uuid.UUID | None, list[Offer]] = defaultdict(list)
    states = [state for state in map(orders.read, ours) if state is not None]
    tokens = [state.checkout_token for state in states if state.checkout_token]
    for offer in Offer.objects.filter(checkout_token__in=tokens).order_by("pk"):
        offers[offer.checkout_token].append(offer)
    for state in states:
        if state.is_from_checkout:  # replacements and bulk orders copy our metadata only
            yield Books(state, covers.get(state.id), offers[state.checkout_token])

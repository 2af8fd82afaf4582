"""Compare the orders of a period with the plugin's tables and with XCover."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from ...clock import Clock
from ...domain.period import Period
from ...domain.reconciliation import Finding, FindingCode
from ...domain.states import CoverStatus
from ...failures import Failures
from ...host import order_facts, orders
from ...models import Cover, Offer
from ...policies.order_sync import sync_order
from ...xcover.errors import XCoverError
from ..webhook_inbox import sync_with_booking
from .local import Books, compare
from .remote import ASK, Comparison, NotCompared

log = logging.getLogger(__name__)

PAGE = 200
"""Number of orders that are read at a time."""
GRACE = timedelta(minutes=15)
"""Younger differences are not reported: the work may still be under way."""


@dataclass
class Report:
    """The result of a comparison."""

    findings: list[Finding] = field(default_factory=list)
    orders: int = 0
    """Number of orders that were compared with the plugin's tables."""
    compared: int = 0
    """Number of policies that were looked up at XCover."""
    mended: list[Finding] = field(default_factory=list)
    """Those of ``findings`` that no longer exist since the order was synced."""
    not_compared: list[str] = field(default_factory=list)
    """Numbers of orders that could not be compared, because of XCover or of an exception."""

    @property
    def defects(self) -> list[Finding]:
        """Return the findings without those that are only information."""
        return [finding for finding in self.findings if not finding.code.is_information]

    @property
    def left(self) -> list[Finding]:
        """Return the defects that were not mended."""
        mended = {id(finding) for finding in self.mended}
        return [finding for finding in self.defects if id(finding) not in mended]

    @property
    def by_code(self) -> dict[str, int]:
        """Return the number of defects by code that were not mended."""
        return dict(Counter(finding.code.value for finding in self.left))


def reconcile(
    pages: Iterable[Sequence[uuid.UUID]],
    clock: Clock,
    *,
    asks_xcover: bool = True,
    grace: timedelta = GRACE,
    mends: bool = False,
    progress: Callable[[int], None] = lambda _: None,
    remembers: bool = False,
) -> Report:
    """Compare orders with the plugin's tables and, if ``asks_xcover``, with XCover.

    ``pages`` are pages of order ids; orders without an offer or cover are skipped. Differences
    younger than ``grace`` are not reported. With ``mends`` orders with a difference are synced, as
    a hook or webhook would have done. ``progress`` is called with the number of orders since its
    last call. With ``remembers`` orders that could not be compared because of an exception are
    shown by ``xcover_status`` until the next such run.
    """
    report, comparison = Report(), Comparison(clock)
    failures = Failures(clock(), remembers=remembers)
    for page in pages:
        for order_id in orders.with_our_traces(list(page)):
            with failures.contain(_WORK, order_id, label=partial(order_facts.number_of, order_id)):
                _compare(order_id, report, comparison, clock, grace, mends=mends, asks=asks_xcover)
        progress(len(page))
    report.not_compared += [order_facts.number_of(uuid.UUID(key)) for _, key in failures.met]
    if remembers:
        failures.forget_others(_WORK)
    return report


_WORK = "comparison"


def _compare(
    order_id: uuid.UUID,
    report: Report,
    comparison: Comparison,
    clock: Clock,
    grace: timedelta,
    *,
    mends: bool,
    asks: bool,
) -> None:
    books = _books_of(order_id)
    if books is None:
        return
    report.orders += 1
    found = list(compare(books, clock(), grace))
    if asks:
        found += _asked(comparison, books, report)
    report.findings += found
    if mends and _mend(books, found, clock):
        report.mended += _over(order_id, found, clock, grace)


def _asked(comparison: Comparison, books: Books, report: Report) -> list[Finding]:
    try:
        found = list(comparison.compare(books))
    except NotCompared:
        report.not_compared.append(books.order.number)
        return []
    report.compared += books.cover is not None and bool(books.cover.booking_id)
    return found


def _mend(books: Books, found: Sequence[Finding], clock: Clock) -> bool:
    """Sync the order; return False if there was nothing to mend. Parked work stays parked."""
    codes = {finding.code for finding in found}
    if FindingCode.CANCELLED_AT_XCOVER_ONLY in codes and books.cover is not None:
        try:
            sync_with_booking(books.cover, clock)
        except XCoverError as error:  # it responded a moment ago; found again the next time
            log.warning("xcover.reconcile.not_mended", extra={"error": str(error)})
    if not codes - {FindingCode.AMOUNT_DUE_BACK}:
        return False
    sync_order(books.order.id, clock())
    return True


def _over(
    order_id: uuid.UUID, found: Sequence[Finding], clock: Clock, grace: timedelta
) -> list[Finding]:
    """Return the findings that no longer exist. XCover is not asked again."""
    books = _books_of(order_id)
    if books is None:
        return []
    still = {finding.code for finding in compare(books, clock(), grace)}
    if books.cover is None or books.cover.status != CoverStatus.CANCELLED:
        still.add(FindingCode.CANCELLED_AT_XCOVER_ONLY)
    still |= {finding.code for finding in found if finding.mend == ASK}
    return [finding for finding in found if finding.code not in still]


def orders_of(period: Period) -> Iterator[list[uuid.UUID]]:
    """Yield the ids of the period's orders in pages, in order of creation."""
    position = (period.start, uuid.UUID(int=0))
    while page := orders.created_after(
        position, until=period.end, channel_ids=period.channel_ids, limit=PAGE
    ):
        yield [order_id for _, order_id in page]
        position = page[-1]


def _books_of(order_id: uuid.UUID) -> Books | None:
    """Read one order and the rows about it; None if it was not made from a checkout."""
    order = orders.read(order_id)
    if order is None or not order.is_from_checkout:
        return None  # replacements and bulk orders only copy the plugin's metadata
    cover = Cover.objects.filter(order_id=order_id).select_related("offer").first()
    tokens = [order.checkout_token] if order.checkout_token else []
    return Books(order, cover, list(Offer.objects.filter(checkout_token__in=tokens).order_by("pk")))

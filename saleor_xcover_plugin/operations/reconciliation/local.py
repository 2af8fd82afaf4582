"""Find differences between an order and the plugin's tables, without calling XCover."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from ...checkout.offers import largest_premium
from ...domain.messages import MessageKind
from ...domain.reasons import NOT_MADE_HERE
from ...domain.reconciliation import STATUS, WORK, Finding, FindingCode
from ...domain.states import CoverStatus, MessageState, OfferStatus
from ...host.values import OrderSnapshot
from ...models import Cover, Offer, OutboxMessage
from ...policies.opt_out import last_shown
from ...policies.refund_scope import is_paid_for_policy, scope_of

_OPEN = (CoverStatus.PLACED, CoverStatus.CONFIRMING, CoverStatus.PARKED, CoverStatus.VOID)


@dataclass(frozen=True, slots=True)
class Books:
    """One order and the rows about it."""

    order: OrderSnapshot
    cover: Cover | None
    offers: Sequence[Offer]
    """The offers of its checkout, oldest first."""

    @property
    def mend(self) -> str:
        """Return the command that repeats what a hook or webhook of this order would have done."""
        day = self.order.created_at.date()
        return f"python manage.py xcover_reconcile --mend --from {day} --to {day}"

    def finding(
        self, code: FindingCode, mend: str, amount: Decimal | None = None, *, detail: str = ""
    ) -> Finding:
        """Return a finding about this order.

        ``mend`` is the command or the person that mends it. ``amount`` is in the order's currency;
        None stands for the premium of the cover.
        """
        known = self.cover.premium if self.cover else Decimal(0)
        return Finding(
            code,
            self.order.number,
            known if amount is None else amount,
            self.order.currency,
            mend,
            detail,
        )


def compare(books: Books, now: datetime, grace: timedelta) -> Iterator[Finding]:
    """Yield the differences that have existed for longer than ``grace``. ``now`` is in UTC."""
    if _is_paid_without_policy(books, now, grace):
        yield books.finding(
            FindingCode.PAID_WITHOUT_POLICY, _how_to_confirm(books), books.order.cover_price
        )
    if _is_policy_without_payment(books):
        yield books.finding(FindingCode.POLICY_WITHOUT_PAYMENT, books.mend)
    offer = _unreported(books, now, grace)
    if offer is not None:
        yield books.finding(
            FindingCode.DECLINE_NOT_REPORTED,
            _how_to_report(books, offer),
            largest_premium(offer),
        )
    if books.cover is not None and books.cover.amount_due_back > 0:
        yield books.finding(
            FindingCode.AMOUNT_DUE_BACK,
            "a refund in Saleor's dashboard",
            books.cover.amount_due_back,
        )


def _is_paid_without_policy(books: Books, now: datetime, grace: timedelta) -> bool:
    order, cover = books.order, books.cover
    if not order.cover_lines or not is_paid_for_policy(order, cover):
        return False
    if cover is None:
        return now - order.updated_at > grace
    if cover.reason_code in NOT_MADE_HERE:
        return False
    if cover.state not in _OPEN or (cover.status == CoverStatus.VOID and order.charged <= 0):
        return False
    since = order.updated_at if cover.status == CoverStatus.PLACED else cover.paid_at
    return now - (since or cover.created_at) > grace


def _how_to_confirm(books: Books) -> str:
    cover = books.cover
    if cover is None or cover.status in (CoverStatus.PLACED, CoverStatus.VOID):
        return books.mend
    if cover.status == CoverStatus.PARKED:
        return _replay_of(_message(MessageKind.CONFIRM, cover.pk)) or f"what {STATUS} says"
    return WORK


def _is_policy_without_payment(books: Books) -> bool:
    order, cover = books.order, books.cover
    if not order.is_over or cover is None or cover.status != CoverStatus.CONFIRMED:
        return False
    # A refund that was judged is under way, done, or waits for staff: xcover_status shows it.
    scope = scope_of(order, cover)
    return scope is None or not cover.cancellations.filter(scope=scope.value).exists()


def _unreported(books: Books, now: datetime, grace: timedelta) -> Offer | None:
    """Return the offer whose opt-out XCover should have received, or None."""
    has_cover = books.cover is not None and not books.cover.was_removed
    if has_cover or books.order.cover_lines:
        return None
    last = last_shown(books.offers)
    if last is None or now - books.order.created_at <= grace:
        return None
    over = (OfferStatus.OPTED_OUT, OfferStatus.CONFIRMED, OfferStatus.ABANDONED)
    return None if last.state in over else last


def _how_to_report(books: Books, offer: Offer) -> str:
    message = _message(MessageKind.OPT_OUT, offer.pk)
    return books.mend if message is None else _replay_of(message) or WORK


def _replay_of(message: OutboxMessage | None) -> str:
    """Return how to send a parked message again, or an empty string if it is not parked."""
    if message is None or message.status != MessageState.PARKED:
        return ""
    return f"what {STATUS} says, then python manage.py xcover_replay {message.pk}"


def _message(kind: str, subject_id: int) -> OutboxMessage | None:
    return OutboxMessage.objects.filter(kind=kind, subject_id=subject_id).order_by("-pk").first()

"""The differences that a comparison of orders, covers and XCover's bookings may find."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from .money import Money

WORK = "python manage.py xcover_work"
"""The command that repairs findings by sending what is due."""
STATUS = "python manage.py xcover_status"
"""The command that shows what a person has to do."""


class FindingCode(StrEnum):
    """Stable codes of the differences; ``SENTENCES`` explains each."""

    PAID_WITHOUT_POLICY = "paid_without_policy"
    POLICY_WITHOUT_PAYMENT = "policy_without_payment"
    BOOKING_DIFFERS = "booking_differs"
    DECLINE_NOT_REPORTED = "decline_not_reported"
    CANCELLED_AT_XCOVER_ONLY = "cancelled_at_xcover_only"
    CANCELLED_HERE_ONLY = "cancelled_here_only"
    UNKNOWN_AT_XCOVER = "unknown_at_xcover"
    AMOUNT_DUE_BACK = "amount_due_back"

    @property
    def is_information(self) -> bool:
        """True if it is no defect, but money that the store has to refund."""
        return self == FindingCode.AMOUNT_DUE_BACK


# The findings in words, for staff.
SENTENCES: dict[FindingCode, str] = {
    FindingCode.PAID_WITHOUT_POLICY: "The order is paid and its cover has no policy yet.",
    FindingCode.POLICY_WITHOUT_PAYMENT: (
        "The order is cancelled, expired or refunded in full, and its policy still stands."
    ),
    FindingCode.BOOKING_DIFFERS: "XCover's booking is not what the buyer agreed to.",
    FindingCode.DECLINE_NOT_REPORTED: (
        "An offer was shown, the order went without cover, and XCover was not told."
    ),
    FindingCode.CANCELLED_AT_XCOVER_ONLY: "XCover cancelled the policy; here it is confirmed.",
    FindingCode.CANCELLED_HERE_ONLY: "Here the policy is cancelled; at XCover it is confirmed.",
    FindingCode.UNKNOWN_AT_XCOVER: "XCover does not know the policy this order was given.",
    FindingCode.AMOUNT_DUE_BACK: "The buyer is owed this; refund it in Saleor.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference found for one order."""

    code: FindingCode
    order_number: str
    amount: Decimal
    """The premium, or the amount due back, in ``currency``."""
    currency: str
    mend: str
    """The command or person that repairs it."""
    detail: str = ""
    """XCover's side of the difference, for staff."""

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount, self.currency)

    @property
    def sentence(self) -> str:
        """The finding in words, for staff."""
        known = SENTENCES[self.code]
        return f"{known} {self.detail}" if self.detail else known

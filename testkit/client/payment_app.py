"""A payment app, which reports payments to the host; no real money is moved."""

import uuid
from decimal import Decimal

from . import documents as docs
from .driver import Driver, Json, money
from .values import Transaction


class PaymentApp:
    """A payment app that creates transactions on checkouts and orders and reports their events.

    Amounts are in the currency of the checkout or order.
    """

    def __init__(self, driver: Driver, token: str) -> None:
        self._driver = driver
        self._token = token

    def charge(self, subject_id: str, amount: Decimal, currency: str = "USD") -> Transaction:
        """Create a transaction that is charged at once."""
        return self._create(subject_id, "amountCharged", amount, currency)

    def authorize(self, subject_id: str, amount: Decimal, currency: str = "USD") -> Transaction:
        """Create a transaction that is authorized but not charged."""
        return self._create(subject_id, "amountAuthorized", amount, currency)

    def capture(self, transaction: Transaction, amount: Decimal) -> Transaction:
        """Report that authorized money was charged."""
        return self.report(transaction, "CHARGE_SUCCESS", amount)

    def refund(
        self, transaction: Transaction, amount: Decimal, *, psp_reference: str | None = None
    ) -> Transaction:
        """Report a refund. The same ``psp_reference`` again is the same refund."""
        return self.report(transaction, "REFUND_SUCCESS", amount, psp_reference=psp_reference)

    def reverse_refund(self, transaction: Transaction, amount: Decimal) -> Transaction:
        """Report that a refund was reversed."""
        return self.report(transaction, "REFUND_REVERSE", amount)

    def report(
        self,
        transaction: Transaction,
        event: str,
        amount: Decimal,
        *,
        psp_reference: str | None = None,
    ) -> Transaction:
        """Report an event of Saleor's TransactionEventTypeEnum."""
        root = self._driver.mutate(
            docs.TRANSACTION_EVENT_REPORT,
            {
                "id": transaction.id,
                "type": event,
                "amount": amount,
                "pspReference": psp_reference or _reference(),
            },
            token=self._token,
        )
        return _transaction_of(root["transaction"])

    def _create(self, subject_id: str, kind: str, amount: Decimal, currency: str) -> Transaction:
        root = self._driver.mutate(
            docs.TRANSACTION_CREATE,
            {
                "id": subject_id,
                "transaction": {
                    "name": "Example payments",
                    "pspReference": _reference(),
                    "availableActions": ["REFUND"],
                    kind: {"amount": amount, "currency": currency},
                },
            },
            token=self._token,
        )
        return _transaction_of(root["transaction"])


def _reference() -> str:
    return f"psp-{uuid.uuid4().hex[:12]}"


def _transaction_of(data: Json) -> Transaction:
    return Transaction(
        id=data["id"],
        psp_reference=data["pspReference"],
        currency=data["chargedAmount"]["currency"],
        charged=money(data["chargedAmount"]),
        authorized=money(data["authorizedAmount"]),
        refunded=money(data["refundedAmount"]),
    )

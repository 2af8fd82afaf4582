"""The demo's payment app: it charges checkouts, completes them and refunds orders."""

import threading
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from . import documents as docs
from .upstream import Host, Json, Problem


@dataclass(slots=True)
class Payment:
    """The amount that a checkout has paid so far, in one or several transactions."""

    currency: str
    charged: Decimal = Decimal(0)
    transactions: list[str] = field(default_factory=list)


class Till:
    """A payment app that charges a checkout only once, however often its completion is tried.

    Charged amounts are kept in the memory of this process, which is enough for a demo.
    """

    def __init__(self, host: Host, token: str) -> None:
        self._host = host
        self._token = token
        self._payments: dict[str, Payment] = {}
        self._lock = threading.Lock()

    def pay(self, checkout_id: str, agreed: Decimal) -> Json:
        """Charge the open amount and complete the checkout.

        ``agreed`` is the total that the buyer saw, in the checkout's currency. Returns the order,
        or the sentence with which paying or ordering was refused. Raises ``Problem`` if the
        checkout no longer exists or the host fails.
        """
        with self._lock:
            total, currency = self._total(checkout_id)
            payment = self._payments.setdefault(checkout_id, Payment(currency))
            if total != agreed:
                return _refused("The total has changed. Please look again before you pay.", payment)
            self._settle(checkout_id, payment, total)
            done = self._host.execute(docs.CHECKOUT_COMPLETE, {"id": checkout_id})
            if done["errors"]:
                return _refused(_sentences(done["errors"]), payment)
            del self._payments[checkout_id]
            return {"order": done["order"], "charged": payment.charged}

    def refund(self, transactions: list[Json], amount: Decimal | None) -> Decimal:
        """Report a refund of ``amount``, or of everything, and return the amount.

        ``transactions`` are those of the order, as the API returns them. Raises ``Problem`` if the
        amount is not positive or exceeds what was charged.
        """
        charged = [(each["id"], Decimal(each["chargedAmount"]["amount"])) for each in transactions]
        available = sum((left for _, left in charged), Decimal(0))
        wanted = available if amount is None else amount
        if not 0 < wanted <= available:
            raise Problem(f"Between 0 and {available} can be refunded.", 409)
        open_amount = wanted
        for transaction_id, left in charged:
            part = min(left, open_amount)
            if part > 0:
                self._report_refund(transaction_id, part)
                open_amount -= part
        return wanted

    def _total(self, checkout_id: str) -> tuple[Decimal, str]:
        checkout = self._host.execute(docs.CHECKOUT, {"id": checkout_id})
        if checkout is None:
            raise Problem("This basket no longer exists; it may have become an order.", 409)
        gross = checkout["totalPrice"]["gross"]
        return Decimal(gross["amount"]), gross["currency"]

    def _settle(self, checkout_id: str, payment: Payment, total: Decimal) -> None:
        """Charge or refund the difference between ``total`` and the charged amount."""
        difference = total - payment.charged
        if difference > 0:
            payment.transactions.append(self._charge(checkout_id, payment, difference))
        elif difference < 0:
            self._report_refund(payment.transactions[0], -difference)
        payment.charged = total

    def _charge(self, checkout_id: str, payment: Payment, amount: Decimal) -> str:
        wanted = {
            "name": "Demo payments",
            "pspReference": _reference(),
            "availableActions": ["REFUND"],
            "amountCharged": {"amount": amount, "currency": payment.currency},
        }
        root = self._host.mutate(
            docs.TRANSACTION_CREATE,
            {"id": checkout_id, "transaction": wanted},
            token=self._token,
        )
        return str(root["transaction"]["id"])

    def _report_refund(self, transaction_id: str, amount: Decimal) -> None:
        report = {
            "id": transaction_id,
            "type": "REFUND_SUCCESS",
            "amount": amount,
            "pspReference": _reference(),
        }
        self._host.mutate(docs.TRANSACTION_EVENT_REPORT, report, token=self._token)


def _reference() -> str:
    return f"demo-{uuid.uuid4().hex[:12]}"


def _sentences(errors: list[Any]) -> str:
    """Return the messages of the errors as sentences."""
    return " ".join(f"{str(error['message']).rstrip('.')}." for error in errors)


def _refused(sentence: str, payment: Payment) -> Json:
    return {"refused": sentence, "charged": payment.charged, "currency": payment.currency}

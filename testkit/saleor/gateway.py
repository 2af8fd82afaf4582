"""A payment gateway that accepts every payment, for Saleor versions without a dummy gateway."""

# ruff: noqa: ARG002 (Saleor passes previous_value by its name)
from __future__ import annotations

from typing import Any

from saleor.payment import TransactionKind
from saleor.payment.interface import GatewayResponse, PaymentData
from saleor.plugins.base_plugin import BasePlugin


class Gateway(BasePlugin):
    """A gateway under the id of Saleor's former dummy gateway, so that flows need no change."""

    PLUGIN_ID = "mirumee.payments.dummy"
    PLUGIN_NAME = "Test gateway"
    DEFAULT_ACTIVE = True

    def get_supported_currencies(self, previous_value: Any) -> list[str]:
        return ["USD", "EUR", "JPY", "KWD", "PLN"]

    def process_payment(self, payment_information: PaymentData, previous_value: Any) -> Any:
        return _taken(TransactionKind.CAPTURE, payment_information)

    def capture_payment(self, payment_information: PaymentData, previous_value: Any) -> Any:
        return _taken(TransactionKind.CAPTURE, payment_information)

    def refund_payment(self, payment_information: PaymentData, previous_value: Any) -> Any:
        return _taken(TransactionKind.REFUND, payment_information)

    def void_payment(self, payment_information: PaymentData, previous_value: Any) -> Any:
        return _taken(TransactionKind.VOID, payment_information)


def _taken(kind: str, payment: PaymentData) -> GatewayResponse:
    return GatewayResponse(
        is_success=True,
        action_required=False,
        kind=kind,
        amount=payment.amount,
        currency=payment.currency,
        transaction_id=payment.token or "",
        error=None,
    )

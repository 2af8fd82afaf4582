"""A payment gateway that takes every card: Saleor's main has none for tests, older ones do."""

# ruff: noqa: ARG002 (Saleor passes previous_value by its name)
from __future__ import annotations

from typing import Any

from saleor.payment import TransactionKind
from saleor.payment.interface import GatewayResponse, PaymentData
from saleor.plugins.base_plugin import BasePlugin


class Gateway(BasePlugin):
    """Stands where Saleor's own stood, under its name, so that shoppers' flows stay the same."""

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

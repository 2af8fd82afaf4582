"""Whether the payment of a checkout has begun, in both payment flows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Now
from saleor.payment import TransactionEventType
from saleor.payment.models import Payment, TransactionEvent, TransactionItem

_GIVEN_UP = timedelta(hours=1)
_ABANDONED = timedelta(days=1)
"""Nobody comes back to a bank's page so late."""


def with_money_flags(checkouts: QuerySet[Any]) -> QuerySet[Any]:
    """Answer whether there is money, or soon may be, in transactions and in payments."""
    money = (
        Q(authorized_value__gt=0)
        | Q(charged_value__gt=0)
        | Q(authorize_pending_value__gt=0)
        | Q(charge_pending_value__gt=0)
    )
    return checkouts.annotate(
        has_transaction_money=Exists(
            TransactionItem.objects.filter(
                money | Exists(_unanswered()), checkout_id=OuterRef("pk")
            )
        ),
        has_payment_money=Exists(
            Payment.objects.filter(HAS_BEGUN, checkout_id=OuterRef("pk"), is_active=True)
        ),
    )


HAS_BEGUN = Q(captured_amount__gt=0) | Q(transactions__is_success=True) | Q(to_confirm=True)
"""Said of a payment of the legacy flow."""


def _unanswered() -> QuerySet[Any]:
    """A payment the shopper is in the middle of (3-D Secure): neither done nor failed.

    A request and its failure may both be without reference: the payment app gave none. One that
    got no answer at all is given up after an hour; its worker died. What the shopper has to do is
    answered by any later end of the same transaction, since some payment apps give each step a
    reference of its own, and is given up after a day.
    """
    kinds = TransactionEventType
    reference = Coalesce("psp_reference", Value(""))
    answers = TransactionEvent.objects.annotate(reference=reference).filter(
        transaction_id=OuterRef("transaction_id"),
        type__in=[
            kinds.AUTHORIZATION_SUCCESS,
            kinds.AUTHORIZATION_FAILURE,
            kinds.CHARGE_SUCCESS,
            kinds.CHARGE_FAILURE,
            kinds.CANCEL_SUCCESS,
        ],
    )
    is_action = Q(type__in=[kinds.AUTHORIZATION_ACTION_REQUIRED, kinds.CHARGE_ACTION_REQUIRED])
    is_action_over = Q(created_at__lte=Now() - _ABANDONED) | Exists(
        answers.filter(created_at__gte=OuterRef("created_at"))
    )
    return (
        TransactionEvent.objects.annotate(reference=reference)
        .filter(
            ~Q(reference="") | Q(created_at__gt=Now() - _GIVEN_UP),
            ~Exists(answers.filter(reference=OuterRef("reference"))),
            is_action | Q(type__in=[kinds.AUTHORIZATION_REQUEST, kinds.CHARGE_REQUEST]),
            transaction_id=OuterRef("pk"),
        )
        .exclude(is_action & is_action_over)
    )

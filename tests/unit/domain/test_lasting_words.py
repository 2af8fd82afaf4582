"""Words that rows keep for years and that storefronts, staff and monitoring read.

A new word for the same thing makes rows of yesterday unreadable: it needs a migration, not an edit.
"""

from enum import StrEnum

import pytest

from saleor_xcover_plugin.domain.alarms import AlarmCode
from saleor_xcover_plugin.domain.answer_sequence import Place
from saleor_xcover_plugin.domain.cancellations import Cancelled, ClaimState, CoolingOff, Verdict
from saleor_xcover_plugin.domain.erasure import EraseCode
from saleor_xcover_plugin.domain.fulfillment import CoverStep, Progress
from saleor_xcover_plugin.domain.premium import OrderDiscount
from saleor_xcover_plugin.domain.product_rules import Choice, InitialState
from saleor_xcover_plugin.domain.rates import Lane
from saleor_xcover_plugin.domain.reconciliation import FindingCode
from saleor_xcover_plugin.domain.refund_attribution import RefundScope
from saleor_xcover_plugin.domain.retention import Kind, Obstacle
from saleor_xcover_plugin.domain.sending import Sending

WORDS: dict[type[StrEnum], tuple[str, ...]] = {
    AlarmCode: (
        *("paid_unprotected", "unpaid_near_event", "parked", "wrong_store"),
        *("credentials_refused", "settings_unusable", "clock_off", "breaker_open"),
        *(
            "offers_refused",
            "messages_overdue",
            "order_unfollowed",
            "work_failing",
            "database_busy",
        ),
        *("reconcile_findings", "sweep_failing", "no_worker", "beat_not_running"),
    ),
    Verdict: ("request", "preview", "review", "keep", "confirm"),
    CoolingOff: ("inside", "over", "unknown"),
    ClaimState: ("unknown", "none", "open", "paid"),
    Cancelled: ("none", "some", "all"),
    EraseCode: (
        *("message_unsent", "cover_open", "under_way", "claim_open", "policy_active"),
        *("outcome_unknown", "put_aside"),
    ),
    # Saleor's words, with its spaces (saleor.order.OrderStatus).
    Progress: (
        *("unfulfilled", "partially fulfilled", "fulfilled", "partially_returned", "returned"),
    ),
    CoverStep: ("hand_out", "take_back", "return"),
    OrderDiscount: ("none", "percentage", "other"),
    # XCover's words (https://partner-docs.covergenius.com/offers/guides/product-groups-and-rules).
    InitialState: ("show", "hide", "disable"),
    Choice: ("alternatives", "add_ons"),
    Lane: ("offer", "confirm", "other"),
    FindingCode: (
        *("paid_without_policy", "policy_without_payment", "booking_differs"),
        *("decline_not_reported", "cancelled_at_xcover_only", "cancelled_here_only"),
        *("unknown_at_xcover", "amount_due_back"),
    ),
    RefundScope: (
        *("everything", "tickets", "some_tickets", "cover", "short", "money", "chargeback"),
        "nothing",
    ),
    Kind: (
        *("unseen_offers", "unanswered_offers", "answers_without_order", "orders_without_cover"),
        *("covers", "buyer_hashes", "webhooks"),
    ),
    Obstacle: (
        *("message", "live_offer", "checkout", "cover", "no_cover", "claim", "due_back"),
        "decision",
    ),
    Sending: ("never_sent", "definitely_refused", "outcome_unknown", "earlier_unknown"),
    Place: ("next", "late", "unsure"),
}


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_the_words_stay(kind):
    assert tuple(one.value for one in kind) == WORDS[kind]

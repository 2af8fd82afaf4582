class TransactionKind:
    CAPTURE = "capture"
    REFUND = "refund"


class TransactionEventType:
    AUTHORIZATION_SUCCESS = "authorization_success"
    AUTHORIZATION_FAILURE = "authorization_failure"
    AUTHORIZATION_REQUEST = "authorization_request"
    AUTHORIZATION_ACTION_REQUIRED = "authorization_action_required"
    CHARGE_SUCCESS = "charge_success"
    CHARGE_FAILURE = "charge_failure"
    CHARGE_REQUEST = "charge_request"
    CHARGE_BACK = "charge_back"
    CHARGE_ACTION_REQUIRED = "charge_action_required"
    CANCEL_SUCCESS = "cancel_success"
    REFUND_SUCCESS = "refund_success"
    REFUND_FAILURE = "refund_failure"
    REFUND_REVERSE = "refund_reverse"


class ChargeStatus:
    """Charge statuses of legacy payments, checkouts and orders."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"
    OVERCHARGED = "overcharged"

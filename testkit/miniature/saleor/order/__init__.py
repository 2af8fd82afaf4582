class OrderStatus:
    DRAFT = "draft"
    UNCONFIRMED = "unconfirmed"
    UNFULFILLED = "unfulfilled"
    PARTIALLY_FULFILLED = "partially fulfilled"
    FULFILLED = "fulfilled"
    CANCELED = "canceled"
    EXPIRED = "expired"


class OrderOrigin:
    CHECKOUT = "checkout"


class OrderGrantedRefundStatus:
    NONE = "none"
    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"


class FulfillmentStatus:
    """The miniature makes fulfilled ones only; flows write the refunded ones themselves."""

    FULFILLED = "fulfilled"
    RETURNED = "returned"
    REPLACED = "replaced"
    CANCELED = "canceled"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    REFUNDED = "refunded"
    REFUNDED_AND_RETURNED = "refunded_and_returned"


class OrderEvents:
    NOTE_ADDED = "note_added"
    FULFILLMENT_FULFILLED_ITEMS = "fulfillment_fulfilled_items"

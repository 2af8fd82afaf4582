class OrderStatus:
    DRAFT = "draft"
    UNCONFIRMED = "unconfirmed"
    UNFULFILLED = "unfulfilled"
    CANCELED = "canceled"
    EXPIRED = "expired"


class OrderOrigin:
    CHECKOUT = "checkout"


class OrderGrantedRefundStatus:
    NONE = "none"
    SUCCESS = "success"
    FAILURE = "failure"


class FulfillmentStatus:
    REFUNDED = "refunded"
    REFUNDED_AND_RETURNED = "refunded_and_returned"


class OrderEvents:
    NOTE_ADDED = "note_added"

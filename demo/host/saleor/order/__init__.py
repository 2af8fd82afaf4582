class OrderStatus:
    DRAFT = "draft"
    UNCONFIRMED = "unconfirmed"
    UNFULFILLED = "unfulfilled"
    CANCELED = "canceled"
    EXPIRED = "expired"


class OrderOrigin:
    CHECKOUT = "checkout"


class OrderEvents:
    NOTE_ADDED = "note_added"

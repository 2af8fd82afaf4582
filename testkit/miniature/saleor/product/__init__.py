class ProductTypeKind:
    NORMAL = "normal"
    GIFT_CARD = "gift_card"

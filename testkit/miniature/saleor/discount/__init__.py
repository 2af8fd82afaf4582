class DiscountType:
    ORDER_PROMOTION = "order_promotion"
    VOUCHER = "voucher"
    MANUAL = "manual"


class DiscountValueType:
    FIXED = "fixed"
    PERCENTAGE = "percentage"


class VoucherType:
    SHIPPING = "shipping"
    ENTIRE_ORDER = "entire_order"
    SPECIFIC_PRODUCT = "specific_product"


class PromotionType:
    CATALOGUE = "catalogue"
    ORDER = "order"

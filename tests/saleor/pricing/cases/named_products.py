"""Vouchers for named tickets and for shipping."""

from .case import NAMED
from .steps import (
    FIXED,
    NO_DISCOUNT,
    ONCE_PER_ORDER,
    and_then,
    either_way,
    standard,
    voucher,
    with_parcel,
)

CASES = (
    *either_way(
        "10 % off tickets",
        NAMED,
        "10 % off the named ticket",
        prepare=voucher("10", "concert"),
        alone="180.00",
        total="186.66",
    ),
    # 15.00 off each of two
    *either_way(
        "15.00 off tickets",
        NAMED,
        "15.00 off each piece of the named ticket",
        prepare=voucher("15", "concert", **FIXED),
        alone="170.00",
        total="176.66",
    ),
    # 10 % of one ticket
    *either_way(
        "10 % off one ticket",
        NAMED,
        "10 % off one piece of the named ticket",
        prepare=voucher("10", "concert", **ONCE_PER_ORDER),
        alone="190.00",
        total="196.66",
    ),
    *either_way(
        "empty catalogue",
        NAMED,
        "10 % off named products without any product named, which Saleor reads as all",
        prepare=voucher("10", kind="SPECIFIC_PRODUCT"),
        alone="180.00",
        total="",
        **NO_DISCOUNT,
    ),
    # 200.00 + 25.00 + 10.00 shipping, of which 100 % go
    *either_way(
        "free shipping",
        NAMED,
        "100 % off shipping, tickets beside merchandise",
        prepare=and_then(with_parcel, voucher("100", kind="SHIPPING")),
        begin=standard,
        basket={"concert": 2, "hoodie": 1},
        alone="225.00",
        total="231.66",
    ),
)

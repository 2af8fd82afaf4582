"""Vouchers that count once per order."""

from .case import ONCE
from .steps import (
    FIXED,
    NO_DISCOUNT,
    ONCE_PER_ORDER,
    either_way,
    voucher,
)

CASES = (
    # One ticket at half price
    *either_way(
        "50 % off once",
        ONCE,
        "50 % off the cheapest piece",
        prepare=voucher("50", **ONCE_PER_ORDER),
        alone="150.00",
        total="",
        **NO_DISCOUNT,
    ),
    *either_way(
        "20.00 off once",
        ONCE,
        "20.00 off the cheapest piece",
        prepare=voucher("20", **ONCE_PER_ORDER, **FIXED),
        alone="180.00",
        total="",
        **NO_DISCOUNT,
    ),
)

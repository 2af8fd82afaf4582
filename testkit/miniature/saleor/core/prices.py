"""Rounding as in Saleor: half even, to the decimals of the currency."""

from decimal import Decimal

from babel.numbers import get_currency_precision


def quantize_price(price: Decimal, currency: str) -> Decimal:
    return price.quantize(Decimal(1).scaleb(-get_currency_precision(currency)))

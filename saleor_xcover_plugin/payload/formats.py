"""The formats in which each kind of value can be written into JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ..domain.money import Money, quantum
from .documents import MAX_DIGITS, UNSENDABLE
from .names import Gap, Kind, Value

Json = str | int | Decimal | bool | None
"""A single value as it is sent; amounts are written as JSON numbers."""

MAX_TEXT = 1000
"""Longest text that is sent, in characters."""

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


def write(value: Value, kind: Kind, form: str | None, currency: str) -> Json:
    """Write a value in a format of its kind, None for the kind's own.

    ``currency`` is that of amounts. Raise ``Gap`` for a text that the format cannot read.
    """
    return _FORMATS[kind][form or DEFAULT[kind]](value, currency)


def types_of(kind: Kind, form: str | None) -> tuple[type, ...]:
    """Return the types of what a format writes."""
    form = form or DEFAULT[kind]
    if form == "flag":
        return (bool,)
    if form in ("whole", "minor_units", "unix"):
        return (int,)
    return (int, Decimal) if form == "number" else (str,)


def is_of(value: Json, types: tuple[type, ...]) -> bool:
    """Return True if a value is of one of the types; true and false are no numbers."""
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def formats_of(kind: Kind) -> list[str]:
    """Return the names of a kind's formats, its own first."""
    return list(_FORMATS[kind])


def sendable(text: str) -> str:
    """Return the text. Raise ``Gap`` if it is too long or holds what JSON cannot carry."""
    if len(text) > MAX_TEXT:
        raise Gap(f"it is longer than {MAX_TEXT} characters")
    if UNSENDABLE.search(text):
        raise Gap("it holds a character that cannot be sent")
    return text


def _text(value: Any, _currency: str) -> str:
    return sendable(str(value))


def _number_in(value: str) -> Decimal:
    text = value.strip()
    if not _NUMBER.fullmatch(text):
        raise Gap("it is no number, such as 12 or 12.50")
    number = Decimal(text)
    if len(number.as_tuple().digits) > MAX_DIGITS:
        raise Gap(f"it has more than {MAX_DIGITS} digits")
    return number


def _whole_in(value: str, _currency: str) -> int:
    number = _number_in(value)
    if number != number.to_integral_value():
        raise Gap("it is no whole number")
    return int(number)


def _flag_in(value: str, _currency: str) -> bool:
    word = value.strip().casefold()
    if word not in _YES | _NO:
        raise Gap("it says neither yes nor no; write true or false")
    return word in _YES


def _minor(value: Decimal, currency: str) -> int:
    return int(Money(value, currency).rounded().amount / quantum(currency))


def _in_utc(value: datetime, _currency: str) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_Write = Callable[[Any, str], Json]
_FORMATS: Mapping[Kind, Mapping[str, _Write]] = {
    Kind.TEXT: {
        "text": _text,
        "upper": lambda value, _: sendable(value.upper()),
        "lower": lambda value, _: sendable(value.lower()),
        "number": lambda value, _: _number_in(value),
        "whole": _whole_in,
        "flag": _flag_in,
    },
    Kind.AMOUNT: {
        "number": lambda value, _: value,
        "text": lambda value, currency: Money(value, currency).digits(),
        "minor_units": _minor,
    },
    Kind.WHOLE: {"number": lambda value, _: value, "text": _text},
    Kind.FLAG: {
        "flag": lambda value, _: value,
        "text": lambda value, _: "true" if value else "false",
        "yes_no": lambda value, _: "yes" if value else "no",
        "number": lambda value, _: int(value),
    },
    Kind.MOMENT: {
        "datetime": lambda value, _: value.isoformat(),
        "datetime_utc": _in_utc,
        "datetime_local": lambda value, _: value.replace(tzinfo=None).isoformat(),
        "date": lambda value, _: value.date().isoformat(),
        "time": lambda value, _: value.strftime("%H:%M"),
        "unix": lambda value, _: int(value.timestamp()),
    },
}
DEFAULT: Mapping[Kind, str] = {kind: next(iter(forms)) for kind, forms in _FORMATS.items()}

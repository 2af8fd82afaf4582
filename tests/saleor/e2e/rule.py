"""Take the cover out of an answer of Saleor's API, as far as the rule allows, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

TYPE, ID = "xcoverType", "xcoverId"
"""Keys that ``tags.tagged`` adds to a query; they never reach the test."""

Json = Any


class RuleBroken(AssertionError):
    """An answer differs by something else than one cover line and the premium."""


@dataclass(slots=True)
class Insured:
    """A checkout, or the order made of it, with a cover line in it.

    ``charged`` and ``authorized`` are the parts of the premium that payments brought so far, in
    the currency of the premium. ``by_gift_card`` is the part a gift card pays: the total is lower
    by it already.
    """

    premium: Decimal
    line_id: str
    charged: Decimal = Decimal(0)
    authorized: Decimal = Decimal(0)
    by_gift_card: Decimal = Decimal(0)

    @property
    def unpaid(self) -> Decimal:
        return self.premium - self.charged - self.authorized - self.by_gift_card


@dataclass(slots=True)
class Facts:
    """What is known about the covers of one test, by the global ids Saleor's API gives."""

    insured: dict[str, Insured] = field(default_factory=dict)
    """Checkouts and orders."""
    added: dict[str, Decimal] = field(default_factory=dict)
    """How much was added to each payment and transaction."""


Share = Callable[[Insured], Decimal]


def _in_total(insured: Insured) -> Decimal:
    """The premium as part of what is still to be paid after gift cards."""
    return insured.premium - insured.by_gift_card


def _premium(insured: Insured) -> Decimal:
    return insured.premium


def _charged(insured: Insured) -> Decimal:
    return insured.charged


def _authorized(insured: Insured) -> Decimal:
    return insured.authorized


def _owed(insured: Insured) -> Decimal:
    """A balance is what was charged minus the total: lower by what is not charged yet."""
    return insured.charged - _in_total(insured)


# The only amounts that may be higher, by type and field: by how much, and in which parts. The cover
# has no shop tax, so gross and net are higher by the same amount and ``tax`` by none.
ALLOWED: Mapping[tuple[str, str], tuple[Share, tuple[str, ...]]] = {
    ("Checkout", "totalPrice"): (_in_total, ("gross", "net")),
    ("Checkout", "subtotalPrice"): (_premium, ("gross", "net")),
    ("Checkout", "totalBalance"): (_owed, ()),
    ("Order", "total"): (_in_total, ("gross", "net")),
    ("Order", "subtotal"): (_premium, ("gross", "net")),
    ("Order", "undiscountedTotal"): (_premium, ("gross", "net")),
    ("Order", "totalBalance"): (_owed, ()),
    ("Order", "totalCharged"): (_charged, ()),
    ("Order", "totalCaptured"): (_charged, ()),
    ("Order", "totalAuthorized"): (_authorized, ()),
}
# What a payment says of itself, once the premium was added to it: every amount that is not zero.
PAYMENT_AMOUNTS: Mapping[str, tuple[str, ...]] = {
    "TransactionItem": (
        "chargedAmount",
        "authorizedAmount",
        "chargePendingAmount",
        "authorizePendingAmount",
    ),
    "TransactionEvent": ("amount",),
    "Payment": ("total", "capturedAmount", "availableCaptureAmount", "availableRefundAmount"),
}
LINES: Mapping[str, str] = {"Checkout": "CheckoutLine", "Order": "OrderLine"}


def without_cover(answer: Json, facts: Facts) -> Json:
    """Return a tagged answer as it would be without the covers in it.

    Raises ``RuleBroken`` where a cover line is missing, is not the last, or is not one piece at
    exactly the premium.
    """
    return _without(answer, facts, "")


def untagged(answer: Json) -> Json:
    """Return an answer without the keys that were only added for the rule."""
    if isinstance(answer, dict):
        return {key: untagged(value) for key, value in answer.items() if key not in (TYPE, ID)}
    return [untagged(item) for item in answer] if isinstance(answer, list) else answer


def _without(value: Json, facts: Facts, path: str) -> Json:
    if isinstance(value, list):
        return [_without(item, facts, f"{path}[{at}]") for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kind, identity = value.get(TYPE, ""), value.get(ID, "")
    insured = facts.insured.get(identity)
    lowered = {}
    for name, inner in value.items():
        here = f"{path}.{name}".lstrip(".")
        if insured and name == "lines" and kind in LINES:
            inner = _without_line(inner, insured, here)
        elif insured and (kind, name) in ALLOWED:
            share, parts = ALLOWED[kind, name]
            inner = _lowered(inner, share(insured), parts)
        elif identity in facts.added and name in PAYMENT_AMOUNTS.get(kind, ()):
            inner = _payment_lowered(inner, facts.added[identity])
        lowered[name] = _without(inner, facts, here)
    return lowered


def _without_line(lines: list[Json], insured: Insured, path: str) -> list[Json]:
    """Take out the cover line, which has to be the last one and what was accepted."""
    found = [at for at, line in enumerate(lines) if line.get(ID) == insured.line_id]
    if not found:
        raise RuleBroken(f"{path}: {len(lines)} lines, and the cover line is not among them")
    if found != [len(lines) - 1]:
        raise RuleBroken(f"{path}: the cover line is number {found[0] + 1} of {len(lines)}")
    for name, said in _said_of_price(lines[-1]):
        if said != insured.premium:
            raise RuleBroken(f"{path}: {name} of the cover is {said}, not {insured.premium}")
    if lines[-1].get("quantity", 1) != 1:
        raise RuleBroken(f"{path}: {lines[-1]['quantity']} covers")
    return lines[:-1]


_LINE_PRICES = ("unitPrice", "totalPrice", "undiscountedUnitPrice", "undiscountedTotalPrice")


def _said_of_price(line: Json) -> Iterator[tuple[str, Decimal]]:
    for name in _LINE_PRICES:
        for part, amount in _amounts(line.get(name)):
            if part != "tax":
                yield f"{name}.{part}".rstrip("."), amount


def _amounts(money: Json) -> Iterator[tuple[str, Decimal]]:
    """Yield the amounts of a money or taxed money object by their part; a money has no parts."""
    if not isinstance(money, dict):
        return
    if "amount" in money:
        yield "", _decimal(money["amount"])
    for part in ("gross", "net", "tax"):
        if isinstance(money.get(part), dict) and "amount" in money[part]:
            yield part, _decimal(money[part]["amount"])


def _lowered(money: Json, share: Decimal, parts: tuple[str, ...]) -> Json:
    if not isinstance(money, dict):
        return money
    if not parts:
        return (
            {**money, "amount": _decimal(money["amount"]) - share} if "amount" in money else money
        )
    inner = {part: _lowered(money[part], share, ()) for part in parts if part in money}
    return {**money, **inner}


def _payment_lowered(money: Json, added: Decimal) -> Json:
    if isinstance(money, dict) and _decimal(money.get("amount") or 0):
        return _lowered(money, added, ())
    return money


def _decimal(number: Json) -> Decimal:
    return number if isinstance(number, Decimal) else Decimal(str(number))

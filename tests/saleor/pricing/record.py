"""What one case came to, in numbers: written to and compared with a file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from babel.numbers import get_currency_precision

from testkit.client.values import Checkout, Line, Order

PATH = Path(__file__).resolve().parents[3] / "fixtures" / "saleor" / "pricing-3.23.json"


@dataclass(frozen=True, slots=True)
class CoverLine:
    """The line as checkout or order shows it: price after, price before discounts, total."""

    unit: str
    undiscounted: str
    total: str


@dataclass(frozen=True, slots=True)
class Record:
    """Amounts are texts with their currency's digits; None and empty: there was none."""

    currency: str
    tickets_alone: str
    premium: str | None
    outcome: str
    checkout_total: str
    checkout_line: CoverLine | None
    order_total: str
    order_line: CoverLine | None
    booked: str | None
    absorbed: str
    amount_due_back: str
    paid_by_card: str

    @classmethod
    def of(
        cls,
        currency: str,
        *,
        tickets_alone: Decimal,
        premium: Decimal | None,
        refusal: str,
        reason: str,
        checkout: Checkout,
        order: Order,
        booked: Sequence[Decimal],
        by_card: Decimal,
    ) -> "Record":
        from saleor_xcover_plugin.models import Cover

        def written(amount: Decimal | None) -> str | None:
            return None if amount is None else digits(amount, currency)

        def shown(lines: Sequence[Line]) -> CoverLine | None:
            if not lines:
                return None
            (line,) = lines
            prices = (line.unit_price, line.undiscounted_unit_price, line.total)
            return CoverLine(*(digits(price, currency) for price in prices))

        cover = Cover.objects.first()
        assert len(booked) <= 1
        return cls(
            currency=currency,
            tickets_alone=digits(tickets_alone, currency),
            premium=written(premium),
            outcome=_outcome(
                tickets_alone + (premium or 0) - by_card,
                premium,
                refusal,
                reason,
                checkout,
                order,
                booked,
            ),
            checkout_total=digits(checkout.total, currency),
            checkout_line=shown(checkout.cover_lines),
            order_total=digits(order.total, currency),
            order_line=shown(order.cover_lines),
            booked=written(booked[0] if booked else None),
            absorbed=digits(cover.absorbed if cover else Decimal(0), currency),
            amount_due_back=digits(cover.amount_due_back if cover else Decimal(0), currency),
            paid_by_card=digits(by_card, currency),
        )

    @classmethod
    def read(cls, data: dict[str, Any]) -> "Record":
        lines = {
            name: CoverLine(**data[name]) if data[name] else None
            for name in ("checkout_line", "order_line")
        }
        return cls(**{**data, **lines})


LAST, BEFORE_LAST, ELSEWHERE = "last", "before the last", "elsewhere"
"""The places of a cover line; the third is a defect."""


def place_of_cover(seen: Checkout | Order) -> str | None:
    """Say where the cover line stands; None without one."""
    if not seen.cover_lines:
        return None
    from_the_end = len(seen.lines) - [line.is_cover for line in seen.lines].index(True)
    is_first = from_the_end == len(seen.lines)
    return {1: LAST, 2: ELSEWHERE if is_first else BEFORE_LAST}.get(from_the_end, ELSEWHERE)


def digits(amount: Decimal, currency: str) -> str:
    """Write an amount with exactly its currency's digits; more of them would be a defect."""
    unit = Decimal(1).scaleb(-get_currency_precision(currency))
    assert amount == amount.quantize(unit), f"{amount} is no amount of {currency}"
    return str(amount.quantize(unit))


def excess(played: Record) -> Decimal:
    """Return what the buyer pays above tickets and booked premium, less what is owed to them."""
    paid = Decimal(played.order_total) + Decimal(played.paid_by_card)
    fair = Decimal(played.tickets_alone) + Decimal(played.booked or 0)
    return paid - Decimal(played.amount_due_back) - fair


def read() -> dict[str, Record]:
    """Return the recorded cases by name."""
    if not PATH.exists():
        return {}
    return {name: Record.read(data) for name, data in json.loads(PATH.read_text())["cases"].items()}


def saleor_version() -> str:
    """Return the version of the Saleor that was asked."""
    return str(json.loads(PATH.read_text())["saleor"])


def write(version: str, records: dict[str, Record]) -> None:
    cases = {name: asdict(record) for name, record in records.items()}
    PATH.write_text(json.dumps({"saleor": version, "cases": cases}, indent=1) + "\n")


def _outcome(
    wanted: Decimal,
    premium: Decimal | None,
    refusal: str,
    reason: str,
    checkout: Checkout,
    order: Order,
    booked: Sequence[Decimal],
) -> str:
    """Say in one word what happened; ``wrong`` is a defect and by how much the order is off."""
    from saleor_xcover_plugin.models import Cover

    if refusal:
        return f"refused({refusal})"
    if not checkout.cover_lines:
        return f"dropped({reason})"
    cover = Cover.objects.get()
    if cover.status == "parked":
        return f"parked({cover.reason_code})"
    assert premium is not None
    is_booked = list(booked) == [premium]
    off = order.total - wanted
    if is_booked and off == 0 and _costs(order, premium):
        return "exact" if _costs(checkout, premium) else "held(cover_changed)"
    if is_booked and off == cover.amount_due_back > 0:
        return f"owed({digits(off, checkout.currency)})"
    if is_booked and cover.offer is not None and cover.offer.line_price != premium:
        return f"absorbed({digits(cover.absorbed, checkout.currency)})"
    return f"wrong({digits(off, checkout.currency)})"


def _costs(seen: Checkout | Order, premium: Decimal) -> bool:
    return [line.total for line in seen.cover_lines] == [premium]

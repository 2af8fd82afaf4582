"""The kinds of tax in a premium are told only where XCover names all of them."""

from decimal import Decimal
from typing import Any

import pytest

from saleor_xcover_plugin.xcover.offers import _taxes


def part(kind: Any, amount: Any) -> dict[str, Any]:
    return {"tax_code": kind, "tax_amount": amount, "tax_amount_formatted": "x"}


def kinds(total: Any, *parts: Any) -> list[tuple[str, Any]]:
    return [
        (each["kind"], each["amount"])
        for each in _taxes({"total_amount": total, "breakdown": list(parts)})
    ]


def test_each_kind_is_told_with_its_amount() -> None:
    fee, ipt = part("Admin. fee", Decimal("1.00")), part("IPT", Decimal("0.11"))

    assert kinds(Decimal("1.11"), fee, ipt) == [
        ("Admin. fee", Decimal("1.00")),
        ("IPT", Decimal("0.11")),
    ]


def test_a_single_kind_is_all_of_the_tax() -> None:
    # recorded: 2767 yen in all, of which the only part says 2767.38
    assert kinds(2767, part("Tax", Decimal("2767.38"))) == [("Tax", 2767)]


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [part("IPT", Decimal("0.10")), part("Fee", Decimal("1.00"))],
        [part("", Decimal("1.11"))],
        [part(None, Decimal("1.11"))],
        [part("IPT", "1.00"), part("Fee", Decimal("0.11"))],
        [part("IPT", True), part("Fee", Decimal("0.11"))],
        [part("IPT", Decimal("-1.00")), part("Fee", Decimal("2.11"))],
        [part("IPT", None), part("Fee", Decimal("1.11"))],
        ["IPT", part("Fee", Decimal("1.11"))],
    ],
)
def test_kinds_that_are_not_all_there_are_none(parts: list[Any]) -> None:
    assert kinds(Decimal("1.11"), *parts) == []


@pytest.mark.parametrize(
    "tax", [{}, {"breakdown": "x"}, {"total_amount": "1", "breakdown": [part("IPT", 1)]}]
)
def test_a_tax_that_cannot_be_read_has_no_kinds(tax: Any) -> None:
    assert _taxes(tax) == []

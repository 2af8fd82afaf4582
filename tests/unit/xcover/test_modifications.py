"""A changed booking is free only when neither it nor any of its quotes costs more or less."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from saleor_xcover_plugin.xcover.bookings import Modification
from saleor_xcover_plugin.xcover.parsing import parse

PREVIEW = (
    Path(__file__).resolve().parents[3] / "fixtures/xcover/responses/modification_preview.json"
)


def preview(total, *by_quote):
    body = json.loads(PREVIEW.read_text(), parse_float=Decimal)
    for quote, difference in zip(body["quotes"], by_quote, strict=False):
        quote["price_diff"] = difference
    return parse(Modification, body | {"total_price_diff": total})


@pytest.mark.parametrize(
    ("total", "by_quote", "is_free"),
    [
        (0, (), True),
        (Decimal("0.00"), (Decimal("0.00"), 0), True),
        (Decimal("0.01"), (Decimal("0.01"), 0), False),
        (Decimal("-0.01"), (), False),
        (0, (Decimal("1.00"), Decimal("-1.00")), False),
    ],
)
def test_is_free(total, by_quote, is_free):
    assert preview(total, *by_quote).is_free is is_free


def test_the_buyer_does_not_show_in_the_answers_text():
    answer = preview(0)

    assert answer.booking.policyholder["first_name"] == "Ana"
    assert "ana@example.com" not in repr(answer)

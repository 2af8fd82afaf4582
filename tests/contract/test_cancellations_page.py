"""docs/cancellations.md shows the table that decides, row by row."""

from pathlib import Path

import pytest

from saleor_xcover_plugin.domain.cancellations import (
    RULE_SENTENCES,
    RULES,
    Cancelled,
    ClaimState,
    CoolingOff,
    Rule,
)
from saleor_xcover_plugin.domain.refund_attribution import RefundScope
from testkit.generated_tables import require_current, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cancellations.md"

SCOPES = {
    RefundScope.EVERYTHING: "the insured tickets and their cover, or all the money",
    RefundScope.TICKETS: "every insured ticket, not the cover",
    RefundScope.SOME_TICKETS: "some insured tickets",
    RefundScope.COVER: "the cover and no ticket",
    RefundScope.SHORT: "insured tickets or the cover, with less money than they cost",
    RefundScope.MONEY: "an amount nobody named lines for",
    RefundScope.CHARGEBACK: "the buyer's bank took the payment back",
    RefundScope.NOTHING: "the order was cancelled, its money was kept",
}
HEAD = (
    "row",
    "what went back",
    "event",
    "cooling-off",
    "organiser cancelled",
    "claim",
    "verdict",
    "what staff read",
)


def scopes() -> str:
    rows = [(f"`{scope.value}`", SCOPES[scope]) for scope in RefundScope]
    return table(("scope", "what went back"), rows)


def rules() -> str:
    return table(HEAD, [_row(rule) for rule in RULES])


def _row(rule: Rule) -> tuple[str, ...]:
    return (
        f"`{rule.name}`",
        _any_of(rule.scopes),
        _either(rule.is_before_event, "before", "begun"),
        _any_of(rule.cooling_off),
        _any_of(rule.cancelled),
        _any_of(rule.claims),
        f"`{rule.verdict.value}`",
        rule.sentence.format(cost="206.66 USD", back="10.00 USD"),
    )


def _any_of(names: frozenset[str] | None) -> str:
    return "any" if names is None else ", ".join(sorted(map(str, names)))


def _either(value: bool | None, yes: str, no: str) -> str:
    if value is None:
        return "any"
    return yes if value else no


@pytest.mark.parametrize("part", [scopes, rules])
def test_the_page_of_cancellations_is_current(part, request):
    update = request.config.getoption("--update-golden")
    require_current(PAGE, part.__name__, part(), update=update)


def test_the_number_of_situations_on_the_page_is_right():
    count = len(RefundScope) * 2 * len(CoolingOff) * len(Cancelled) * len(ClaimState)

    assert f"({count} situations," in PAGE.read_text()


def test_every_rule_a_cancellation_may_name_is_on_the_page():
    page = PAGE.read_text()

    assert {rule for rule in RULE_SENTENCES if f"`{rule}`" not in page} == set()
    assert set(RULE_SENTENCES) - {rule.name for rule in RULES} == {"staff"}

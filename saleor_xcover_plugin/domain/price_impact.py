"""Differences a cover makes to the rest of a checkout that may not be repriced any more.

Before money has begun a cover that is not exact is withheld or taken out. After it the order is
made as it is, and staff are told what differs from the same order without the cover.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from .money import Money
from .premium import TaxedPrice, Totals


@dataclass(frozen=True, slots=True)
class PriceImpact:
    """Compares the prices of a checkout with the cover and without it, in its currency.

    ``code`` is empty where everything is exact, else one of the storefront contract's codes.
    """

    code: str
    cost: Decimal
    """Price of the cover to the buyer in all: gross total with it less gross total alone."""
    line: Decimal
    """What the cover line costs after discounts, gross."""
    premium_tax: Decimal
    """The part of the cover line's price that is called tax."""
    shipping: TaxedPrice
    shipping_alone: TaxedPrice
    has_other_lines: bool
    """Another line has another price or tax, or came with the cover, such as a gift."""
    has_other_ways: bool
    """Ways of shipping or pick-up points that depend on the price come or go with the cover."""

    @classmethod
    def of(
        cls, checkout: Totals, alone: Totals, *, premium: Decimal, absorbed: Decimal
    ) -> PriceImpact:
        """Compare ``checkout``, with the cover line, with ``alone``.

        ``absorbed`` is what the store agreed to bear of ``premium`` when the yes was said.
        """
        cost = checkout.costs_more_than(alone)
        effect = cls(
            code="",
            cost=cost,
            line=checkout.cover.gross,
            premium_tax=checkout.cover.gross - checkout.cover.net,
            shipping=checkout.shipping,
            shipping_alone=alone.shipping,
            has_other_lines=not absorbed and checkout.others != alone.others,
            has_other_ways=checkout.shipping_methods != alone.shipping_methods
            or checkout.pick_up_points != alone.pick_up_points,
        )
        is_exact = (
            premium - absorbed <= cost <= premium
            and effect.premium_tax == 0
            and not (effect.has_other_shipping or effect.has_other_lines or effect.has_other_ways)
        )
        if is_exact:
            return effect
        weighs = checkout.has_other_shipping_tax_than(alone)
        return effect._coded("shipping_tax_not_exact" if weighs else "price_not_exact")

    @property
    def has_other_shipping(self) -> bool:
        """Whether shipping costs something else, or the same with another tax in it."""
        return _amounts(self.shipping) != _amounts(self.shipping_alone)

    def as_json(self) -> dict[str, str | bool]:
        """Return it as it is kept; amounts are texts."""
        return {
            "code": self.code,
            "cost": str(self.cost),
            "line": str(self.line),
            "premium_tax": str(self.premium_tax),
            "shipping_net": str(self.shipping.net),
            "shipping_gross": str(self.shipping.gross),
            "shipping_alone_net": str(self.shipping_alone.net),
            "shipping_alone_gross": str(self.shipping_alone.gross),
            "has_other_lines": self.has_other_lines,
            "has_other_ways": self.has_other_ways,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, str | bool]) -> PriceImpact:
        def amount(name: str) -> Decimal:
            return Decimal(str(kept[name]))

        return cls(
            code=str(kept["code"]),
            cost=amount("cost"),
            line=amount("line"),
            premium_tax=amount("premium_tax"),
            shipping=TaxedPrice(amount("shipping_net"), amount("shipping_gross")),
            shipping_alone=TaxedPrice(amount("shipping_alone_net"), amount("shipping_alone_gross")),
            has_other_lines=bool(kept["has_other_lines"]),
            has_other_ways=bool(kept["has_other_ways"]),
        )

    def sentence(self, premium: Money, *, is_sold: bool = True) -> str:
        """Say to staff what differs, with the sums, and what to do; empty if nothing does.

        What the buyer paid beyond the premium, or for a cover that is not sold in the end, is due
        back and told where that is written down.
        """
        differences = list(self._differences(premium.currency))
        is_cheap = is_sold and self.cost < premium.amount
        if not differences and not is_cheap:
            return ""
        cost = [self._cost_sentence(premium)] if is_sold else []
        return " ".join([_INTRODUCTION, *cost, *differences])

    def _cost_sentence(self, premium: Money) -> str:
        cost = Money(self.cost, premium.currency)
        if cost == premium:
            return f"The protection cost the buyer exactly the premium of {premium}."
        if self.cost > premium.amount:
            return f"The protection cost the buyer {cost}, {cost - premium} more than {premium}."
        less = f"{premium - cost} less than the premium of {premium}"
        bears = f"The store bears the {premium - cost}; nothing is due to the buyer."
        if self.cost > 0:
            return f"The protection cost the buyer {cost}, {less}. {bears}"
        return f"The order costs the buyer no more than without the protection: {less}. {bears}"

    def _differences(self, currency: str) -> Iterator[str]:
        if self.premium_tax:
            yield (
                f"The order shows {Money(self.premium_tax, currency)} of it as tax, which is wrong "
                "in your books: take the tax class off the cover product (manage.py xcover_setup)."
            )
        if self.code == "shipping_tax_not_exact":
            yield self._shipping_tax(currency)
        elif self.has_other_shipping:
            now = Money(self.shipping.gross, currency)
            yield f"Shipping costs {now} instead of {Money(self.shipping_alone.gross, currency)}."
        if self.has_other_lines:
            yield (
                "Other lines have another price or tax than without the protection, or came with "
                "it: compare them before you refund one."
            )
        if self.has_other_ways:
            yield (
                "With the premium the order reached other ways of shipping or pick-up points than "
                "the tickets alone: see whether the chosen one may stay."
            )

    def _shipping_tax(self, currency: str) -> str:
        tax, alone = (
            Money(price.gross - price.net, currency)
            for price in (self.shipping, self.shipping_alone)
        )
        net, net_alone = (
            Money(price.net, currency) for price in (self.shipping, self.shipping_alone)
        )
        return (
            f"The tax on shipping is {tax} instead of {alone} (shipping without tax: {net} instead "
            f"of {net_alone}), because this channel weights it by the lines and the premium is not "
            "taxed: correct it in your books. To avoid this, switch off the weighted tax on "
            "shipping (useWeightedTaxForShipping), or have shipping chosen before the payment."
        )

    def _coded(self, code: str) -> PriceImpact:
        return PriceImpact.from_json({**self.as_json(), "code": code})


_INTRODUCTION = (
    "The checkout changed after a payment had begun, when nothing may be repriced any more, and "
    "there the ticket protection changed more than it should."
)


def _amounts(price: TaxedPrice) -> tuple[Decimal, Decimal]:
    return price.net, price.gross

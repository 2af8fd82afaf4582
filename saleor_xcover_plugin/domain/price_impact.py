"""Compare a checkout with and without the cover, after a payment has begun.

Before a payment begins, a cover that changes the rest of the checkout is withheld or taken out.
Afterwards nothing may be repriced: the order is made as it is, and staff are told the differences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from .money import Money
from .premium import TaxedPrice, Totals


@dataclass(frozen=True, slots=True)
class PriceImpact:
    """The differences between a checkout with the cover and without it, in its currency."""

    code: str
    """Empty if there is no difference, else a code of the storefront contract."""
    cost: Decimal
    """The cover's cost to the buyer: the gross total with it less the gross total without it."""
    line: Decimal
    """Gross price of the cover line after discounts."""
    premium_tax: Decimal
    """The part of the cover line's price that Saleor shows as tax, less what was agreed."""
    shipping: TaxedPrice
    """Price of shipping with the cover."""
    shipping_alone: TaxedPrice
    """Price of shipping without the cover."""
    has_other_lines: bool
    """True if other lines differ in price or tax, or came with the cover, such as a gift."""
    has_other_ways: bool
    """True if shipping methods or pick-up points that depend on the price differ."""

    @classmethod
    def of(
        cls,
        checkout: Totals,
        alone: Totals,
        *,
        premium: Decimal,
        absorbed: Decimal,
        tax: Decimal = Decimal(0),
    ) -> PriceImpact:
        """Compare ``checkout``, which has the cover line, with ``alone``, which has not.

        ``absorbed`` is the part of ``premium`` that the store agreed to pay when the offer was
        accepted, and ``tax`` the part that the line was agreed to carry as tax.
        """
        cost = checkout.costs_more_than(alone)
        effect = cls(
            code="",
            cost=cost,
            line=checkout.cover.gross,
            premium_tax=checkout.cover.gross - checkout.cover.net - tax,
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
        """True if the price of shipping or the tax in it differs."""
        return _amounts(self.shipping) != _amounts(self.shipping_alone)

    def as_json(self) -> dict[str, str | bool]:
        """Return the form that is stored, with amounts as texts."""
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
    def from_json(cls, stored: Mapping[str, str | bool]) -> PriceImpact:
        """Read the form that ``as_json`` returns."""

        def amount(name: str) -> Decimal:
            return Decimal(str(stored[name]))

        return cls(
            code=str(stored["code"]),
            cost=amount("cost"),
            line=amount("line"),
            premium_tax=amount("premium_tax"),
            shipping=TaxedPrice(amount("shipping_net"), amount("shipping_gross")),
            shipping_alone=TaxedPrice(amount("shipping_alone_net"), amount("shipping_alone_gross")),
            has_other_lines=bool(stored["has_other_lines"]),
            has_other_ways=bool(stored["has_other_ways"]),
        )

    def sentence(self, premium: Money, *, is_sold: bool = True) -> str:
        """Return a text for staff about the differences and what to do; '' if there are none.

        ``is_sold`` is False if the order ends up without a cover. Money due back to the buyer is
        not part of this text: it has a sentence of its own.
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
        if self.premium_tax > 0:
            yield (
                f"The order shows {Money(self.premium_tax, currency)} of it as tax, which is wrong "
                "in your books: take the tax class off the cover product (manage.py xcover_setup)."
            )
        if self.premium_tax < 0:
            yield (
                f"The order shows {Money(-self.premium_tax, currency)} less of it as tax than "
                "XCover named, which is wrong in your books: look at the rates of its tax class."
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

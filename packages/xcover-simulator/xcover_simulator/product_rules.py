"""Product rules of an offer, and the check of a confirmation against them.

Groups, states, minimum and maximum are documented. Inferred: a confirmation that breaks a rule is
refused, and the minimum of a hidden or disabled group is not enforced.

Source: https://partner-docs.covergenius.com/offers/guides/product-groups-and-rules
"""

from collections.abc import Iterable, Sequence, Set
from itertools import groupby

from .jsontext import Json
from .settings import ProductPlan, Settings
from .store import Product


def rules_for(settings: Settings, products: Sequence[Product]) -> list[Json]:
    """Return the ``product_rules`` of an offer with these products, which stand event by event.

    A product of an event with only one, or with bare alternatives, is in no rule.
    """
    quote_ids = [product.quote_id for product in products]
    of_events = [list(found) for _, found in groupby(products, lambda product: id(product.event))]
    rules = [
        rule
        for index, found in enumerate(of_events)
        for rule in _of_event(
            settings.plan_for(found[0].event.name), index, [each.quote_id for each in found]
        )
    ]
    return [_changed(rule, settings.rule_changes, quote_ids) for rule in rules]


def _of_event(plan: ProductPlan, index: int, pair: list[str]) -> Iterable[Json]:
    if plan in ("one", "bare_alternatives"):
        return
    first, second = pair
    name = f"event-{index + 1}"
    match plan:
        case "alternatives":
            yield _rule(name, pair)
        case "required_alternatives":
            yield _rule(name, pair, least=1)
        case "add_ons":
            yield _rule(name, pair, most=2)
        case "hidden" | "disabled":
            state = {"hidden": "hide", "disabled": "disable"}[plan]
            yield _rule(name, [first])
            yield _rule(f"{name}-extra", [second], state)
        case "second_chance":
            chance = f"{name}-second-chance"
            event = {"type": "on_decline", "target": chance, "action": "show"}
            yield _rule(name, [first]) | {"events": [event]}
            yield _rule(chance, [second], "hide", least=1)


def _rule(
    slug: str, quote_ids: list[str], state: str = "show", *, least: int = 0, most: int = 1
) -> Json:
    return {
        "slug": slug,
        "product_ids": quote_ids,
        "initial_state": state,
        "min_select": least,
        "max_select": most,
        "events": [],
    }


def _changed(rule: Json, changes: Json, quote_ids: Sequence[str]) -> Json:
    changed = {**rule, **changes}
    if "product_ids" in changes:
        changed["product_ids"] = [
            quote_ids[item] if isinstance(item, int) and item < len(quote_ids) else item
            for item in changes["product_ids"]
        ]
    return changed


def breach_of(rules: Iterable[Json], chosen: Set[str]) -> str | None:
    """Return a sentence naming the first rule that the chosen quotes break, or None."""
    for rule in rules:
        slug, state = rule["slug"], rule["initial_state"]
        taken = len(chosen & set(rule["product_ids"]))
        if state != "show":
            if taken:
                return f"Products of group {slug} cannot be selected"
            continue
        if taken > rule["max_select"]:
            return f"At most {rule['max_select']} of group {slug} can be selected"
        if taken < rule["min_select"]:
            return f"At least {rule['min_select']} of group {slug} must be selected"
    return None

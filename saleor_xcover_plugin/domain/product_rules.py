"""Apply XCover's product rules: the products of an offer that may be chosen together.

A product hidden by its rule is not offered. No product is preselected, and declining everything is
always allowed: a minimum applies only to an acceptance.

Source: https://partner-docs.covergenius.com/offers/guides/product-groups-and-rules
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import chain, combinations, product
from math import comb, prod

from ..errors import Code, Refusal

MAX_SELECTIONS = 16
"""Largest number of selections for which ``sums_to_prove`` returns the sum of each."""


class InitialState(StrEnum):
    """The values that XCover documents for ``initial_state``."""

    SHOW = "show"
    HIDE = "hide"
    DISABLE = "disable"


class Choice(StrEnum):
    """The kind of choice a group offers to the shopper."""

    ALTERNATIVES = "alternatives"
    """Several products of which at most one may be taken."""
    ADD_ONS = "add_ons"
    """Products that may be taken independently of each other, or a single product."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One product rule as XCover sends it."""

    slug: str
    product_ids: tuple[str, ...]
    initial_state: str
    """An ``InitialState``, or a value that is not documented."""
    min_select: int
    max_select: int


@dataclass(frozen=True, slots=True)
class Group:
    """Products that are shown together."""

    slug: str
    quote_ids: tuple[str, ...]
    min_select: int
    """Least number of its products in an acceptance."""
    max_select: int
    """Largest number of its products in an acceptance."""
    is_disabled: bool = False
    """True if the products are shown and none can be taken."""

    @property
    def choice(self) -> Choice:
        """The kind of choice the group offers."""
        is_one_of_several = self.max_select == 1 and len(self.quote_ids) > 1
        return Choice.ALTERNATIVES if is_one_of_several else Choice.ADD_ONS


def groups_to_show(
    rules: Sequence[Rule], product_ids: Sequence[str], *, event_count: int
) -> tuple[Group, ...]:
    """Return the groups of an offer's products; a product in none of them is hidden.

    ``event_count`` is the number of different events in the request. Raise ``Refusal`` if the rules
    contradict themselves or the products, leave nothing to choose, or are missing and needed.
    """
    if len(set(product_ids)) != len(product_ids):
        raise Refusal(Code.PRODUCTS_AMBIGUOUS, ("products",))  # two prices with one id
    if not rules:
        return _groups_without_rules(product_ids, event_count)
    _check(rules, product_ids)
    named = {quote_id for rule in rules for quote_id in rule.product_ids}
    shown = [group for rule in rules for group in _group(rule)]
    slugs = {rule.slug for rule in rules}
    rest = [
        _optional(quote_id, slugs, position)
        for position, quote_id in enumerate(product_ids, start=1)
        if quote_id not in named
    ]
    groups = (*shown, *rest)
    if not any(True for group in groups if not group.is_disabled):
        raise Refusal(Code.RULE_LEAVES_NO_CHOICE)
    return groups


def _check(rules: Sequence[Rule], product_ids: Sequence[str]) -> None:
    """Raise ``Refusal`` if the rules contradict themselves or the products; hidden ones count too.

    A rule without products is refused, because it is not known what it was meant to forbid.
    """
    if len({rule.slug for rule in rules}) != len(rules):
        raise Refusal(Code.RULE_UNREADABLE, ("slug",))
    if not all(rule.product_ids for rule in rules):
        raise Refusal(Code.RULE_UNREADABLE, ("product_ids",))
    uses = Counter(quote_id for rule in rules for quote_id in rule.product_ids)
    if uses.keys() - set(product_ids):
        raise Refusal(Code.RULE_PRODUCT_UNKNOWN)
    if any(count > 1 for count in uses.values()):
        raise Refusal(Code.RULE_PRODUCT_IN_TWO_GROUPS)
    for rule in rules:
        if rule.min_select > rule.max_select:
            raise Refusal(Code.RULE_MINIMUM_ABOVE_MAXIMUM)


def _group(rule: Rule) -> Iterator[Group]:
    """Yield the group of a rule; none if it is hidden or its state is unknown.

    The minimum of a hidden or disabled group is ignored: it applies once one of the rule's
    ``events`` shows or enables the group, and those are not supported. Raise ``Refusal`` for an
    unknown state with a minimum above 0.
    """
    if rule.initial_state == InitialState.HIDE:
        return
    if rule.initial_state not in set(InitialState):
        if rule.min_select > 0:
            raise Refusal(Code.RULE_STATE_UNKNOWN)
        return
    is_disabled = rule.initial_state == InitialState.DISABLE or rule.max_select == 0
    if not is_disabled and rule.min_select > len(rule.product_ids):
        raise Refusal(Code.RULE_MINIMUM_OUT_OF_REACH)
    yield Group(
        slug=rule.slug,
        quote_ids=rule.product_ids,
        min_select=0 if is_disabled else rule.min_select,
        max_select=0 if is_disabled else min(rule.max_select, len(rule.product_ids)),
        is_disabled=is_disabled,
    )


def _groups_without_rules(product_ids: Sequence[str], event_count: int) -> tuple[Group, ...]:
    """Return one add-on for each event, or alternatives if there is a single event."""
    count = len(product_ids)
    if count == 1 or 0 < count == event_count:
        numbered = enumerate(product_ids, start=1)
        return tuple(_optional(quote_id, set(), position) for position, quote_id in numbered)
    if event_count == 1 and count > 1:
        return (Group("alternatives", tuple(product_ids), 0, 1),)
    raise Refusal(Code.PRODUCTS_AMBIGUOUS)


def _optional(quote_id: str, taken: Set[str], position: int) -> Group:
    slug = f"product-{position}"
    while slug in taken:
        slug += "-"
    return Group(slug, (quote_id,), 0, 1)


def check_selection(groups: Sequence[Group], chosen: Set[str]) -> None:
    """Raise ``Refusal`` if the groups do not allow exactly these quotes to be accepted."""
    known = {quote_id for group in groups for quote_id in group.quote_ids}
    if not chosen or chosen - known:
        raise Refusal(Code.QUOTE_NOT_OFFERED)
    for group in groups:
        taken = len(chosen & set(group.quote_ids))
        if taken and group.is_disabled:
            raise Refusal(Code.QUOTE_DISABLED)
        if taken > group.max_select:
            raise Refusal(Code.TOO_MANY_CHOSEN)
        if taken < group.min_select:
            raise Refusal(Code.TOO_FEW_CHOSEN)


def largest_selection(groups: Sequence[Group], premiums: Mapping[str, Decimal]) -> tuple[str, ...]:
    """Return the most expensive allowed selection, in the order of the groups."""
    return tuple(
        quote_id for group in groups for quote_id in _dearest(group, group.max_select, premiums)
    )


def sums_to_prove(groups: Sequence[Group], premiums: Mapping[str, Decimal]) -> list[Decimal]:
    """Return different premiums that an acceptance may cost, the largest first.

    ``premiums`` are by quote id, in the offer's currency. Up to ``MAX_SELECTIONS`` selections all
    sums are returned; beyond it the largest, the smallest and those of single products, so that
    their number grows with the number of products only.
    """
    if _are_few(groups):
        found = {
            sum((premiums[quote_id] for quote_id in selection), Decimal(0))
            for selection in _all_selections(groups)
        }
    else:
        dearest = largest_selection(groups, premiums)
        least = sum((_least(group, premiums) for group in groups), Decimal(0))
        single = {least + premiums[quote_id] for quote_id in dearest}
        found = {sum((premiums[quote_id] for quote_id in dearest), Decimal(0)), least, *single}
    return sorted((amount for amount in found if amount > 0), reverse=True)


def selections_to_prove(groups: Sequence[Group]) -> list[tuple[str, ...]]:
    """Return the quote ids of each selection that an acceptance may hold.

    Beyond ``MAX_SELECTIONS`` selections each quote alone is returned instead.
    """
    if _are_few(groups):
        return [selection for selection in _all_selections(groups) if selection]
    return [(quote_id,) for group in groups if group.max_select for quote_id in group.quote_ids]


def _are_few(groups: Sequence[Group]) -> bool:
    return prod(_ways(group) for group in groups) <= MAX_SELECTIONS


def _all_selections(groups: Sequence[Group]) -> Iterator[tuple[str, ...]]:
    for parts in product(*(_selections(group) for group in groups)):
        yield tuple(chain.from_iterable(parts))


def _ways(group: Group) -> int:
    sizes = range(group.min_select, group.max_select + 1)
    return sum(comb(len(group.quote_ids), size) for size in sizes)


def _selections(group: Group) -> Iterator[tuple[str, ...]]:
    for size in range(group.min_select, group.max_select + 1):
        yield from combinations(group.quote_ids, size)


def _dearest(group: Group, size: int, premiums: Mapping[str, Decimal]) -> list[str]:
    ranked = sorted(group.quote_ids, key=lambda quote_id: premiums[quote_id], reverse=True)
    return [quote_id for quote_id in group.quote_ids if quote_id in ranked[:size]]


def _least(group: Group, premiums: Mapping[str, Decimal]) -> Decimal:
    cheapest = sorted(premiums[quote_id] for quote_id in group.quote_ids)
    return sum(cheapest[: group.min_select], Decimal(0))

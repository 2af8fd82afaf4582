"""Judge by XCover's rules which products of an offer may be chosen together.

A product that no rule shows is not offered. Nothing is ever chosen beforehand, and saying no to
everything is always allowed: a minimum counts for a yes only.

Source: https://partner-docs.covergenius.com/offers/guides/product-groups-and-rules
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import combinations, product
from math import comb, prod

from ..errors import Code, Refusal

MAX_SELECTIONS = 16
"""Selections that are looked at one by one; of more only the ends and the single products are."""


class InitialState(StrEnum):
    """The values XCover documents for ``initial_state``."""

    SHOW = "show"
    HIDE = "hide"
    DISABLE = "disable"


class Choice(StrEnum):
    ALTERNATIVES = "alternatives"
    """Several products of which at most one may be taken."""
    ADD_ONS = "add_ons"
    """Products that may be taken each by itself, or a single one."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One group as XCover sends it. ``initial_state`` may be a value that is not documented."""

    slug: str
    product_ids: tuple[str, ...]
    initial_state: str
    min_select: int
    max_select: int


@dataclass(frozen=True, slots=True)
class Group:
    """Products a shopper sees together, and how many of them a yes may and must hold.

    ``is_disabled``: they are shown, and none of them can be taken.
    """

    slug: str
    quote_ids: tuple[str, ...]
    min_select: int
    max_select: int
    is_disabled: bool = False

    @property
    def choice(self) -> Choice:
        is_one_of_several = self.max_select == 1 and len(self.quote_ids) > 1
        return Choice.ALTERNATIVES if is_one_of_several else Choice.ADD_ONS


def groups_to_show(
    rules: Sequence[Rule], product_ids: Sequence[str], *, event_count: int
) -> tuple[Group, ...]:
    """Return the groups of an offer; what is in none of them is hidden.

    ``event_count`` is how many different events were asked about. Raise ``Refusal`` when the rules
    contradict themselves or the products, or when without rules it is unclear what may be combined.
    """
    if len(set(product_ids)) != len(product_ids):
        raise Refusal(Code.PRODUCTS_AMBIGUOUS, ("products",))  # one id for two prices
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
    """Raise ``Refusal`` if the rules contradict themselves or the products, also when hidden.

    A rule without products says nothing of the products it was meant for: what it would have
    forbidden of them, such as taking two alternatives, cannot be known.
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
    """Yield the group of a rule, none when it is hidden.

    The minimum of a group that is hidden or disabled counts once an event shows or enables the
    group, and events are not supported here, so it is ignored. A group in an unknown state may be
    one that has to be shown: with a minimum above 0 the offer is refused.
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
    """Return one add-on for each event, or alternatives when there is a single event."""
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
    """Raise ``Refusal`` with its code when the rules forbid a yes to exactly these products."""
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
    """Return the dearest allowed selection, in the order of the groups."""
    return tuple(
        quote_id for group in groups for quote_id in _dearest(group, group.max_select, premiums)
    )


def sums_to_prove(groups: Sequence[Group], premiums: Mapping[str, Decimal]) -> list[Decimal]:
    """Return the different sums a yes may cost, dearest first.

    All of them up to ``MOST_SELECTIONS`` selections; of more the dearest, the cheapest and those of
    single products, so that many events cost no more pricings than events.
    """
    if prod(_ways(group) for group in groups) <= MAX_SELECTIONS:
        found = {
            sum((premiums[quote_id] for part in parts for quote_id in part), Decimal(0))
            for parts in product(*(_selections(group) for group in groups))
        }
    else:
        dearest = largest_selection(groups, premiums)
        least = sum((_least(group, premiums) for group in groups), Decimal(0))
        single = {least + premiums[quote_id] for quote_id in dearest}
        found = {sum((premiums[quote_id] for quote_id in dearest), Decimal(0)), least, *single}
    return sorted((amount for amount in found if amount > 0), reverse=True)


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

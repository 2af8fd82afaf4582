"""Read the ``product_rules`` of an offer; anything that XCover does not document is refused.

Source: https://partner-docs.covergenius.com/offers/guides/product-groups-and-rules
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints, ValidationError

from ..domain.product_rules import Rule
from .values import Identifier

_Slug = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100)]
_Count = Annotated[StrictInt, Field(ge=0, le=1000)]


class RulesUnreadable(ValueError):
    """The rules are not in the documented form. ``places`` names the fields, never a value."""

    def __init__(self, places: tuple[str, ...]) -> None:
        super().__init__(", ".join(places))
        self.places = places


class _ProductRule(BaseModel):
    """One rule, without unknown fields, which could forbid a selection that would be sold."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    slug: _Slug
    product_ids: Annotated[list[Identifier], Field(min_length=1, max_length=1000)]
    initial_state: Annotated[str, StringConstraints(strict=True, max_length=40)]
    min_select: _Count
    max_select: _Count
    events: Any = None
    """Interactions of XCover's own widget with the group; not supported, so ignored."""


def read_rules(data: Any) -> tuple[Rule, ...]:
    """Read the rules of an offer; None means no rules.

    Raise ``RulesUnreadable`` for anything that is not in the documented form.
    """
    if data is None:
        return ()
    if not isinstance(data, list):
        raise RulesUnreadable(("product_rules",))
    return tuple(_rule(index, item) for index, item in enumerate(data))


def _rule(index: int, data: Any) -> Rule:
    try:
        rule = _ProductRule.model_validate(data)
    except ValidationError as error:
        # Unknown names are left out, for they may hold anything.
        known = {str(e["loc"][0]) for e in error.errors() if e["loc"]} & {
            *_ProductRule.model_fields
        }
        named = sorted(f"{index}.{name}" for name in known)
        raise RulesUnreadable(tuple(named) or (f"{index}",)) from None
    return Rule(
        slug=rule.slug,
        product_ids=tuple(rule.product_ids),
        initial_state=rule.initial_state,
        min_select=rule.min_select,
        max_select=rule.max_select,
    )

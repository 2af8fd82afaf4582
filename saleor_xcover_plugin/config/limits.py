"""Read the store's limits on offers from their text, JSON or YAML."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ..domain import regions
from ..domain.countries import ISO_3166
from ..domain.offer_limits import OfferLimits
from ..payload.documents import TemplateError, complaint, read_document, sentence_of

_DURATION = re.compile(r"([0-9]{1,4})(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_REGION = re.compile(r"[A-Z]{2}-[^\x00-\x1f]{1,60}")


def _amount(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        raise ValueError("an amount is wanted here, such as 5 or 2500.00")
    return Decimal(value)


def _duration(value: object) -> timedelta:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a time is wanted here, such as 30m, 2h or 730d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _texts(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError("a list of texts is wanted here")
    return frozenset(text for each in value if (text := each.strip()))


def _regions(value: object) -> frozenset[str]:
    return frozenset(map(_region, _texts(value)))


def _region(text: str) -> str:
    country, _, region = text.upper().partition("-")
    if not _REGION.fullmatch(text.upper()) or country not in ISO_3166:
        raise ValueError("write regions as country and region, such as US-NY")
    if not regions.are_listed(country):
        raise ValueError(
            f"addresses in {country} do not tell the region, so it cannot be limited by region"
        )
    if not regions.is_known(country, region):
        raise ValueError(f"{country} has no region {region[:40]}: write codes, such as US-NY")
    return f"{country}-{regions.code_of(country, region)}".upper()


_Amount = Annotated[Decimal, BeforeValidator(_amount)]
_Duration = Annotated[timedelta, BeforeValidator(_duration)]
_Texts = Annotated[frozenset[str], BeforeValidator(_texts)]
_Regions = Annotated[frozenset[str], BeforeValidator(_regions)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Exclude(_Model):
    products: _Texts = frozenset()
    product_types: _Texts = frozenset()
    categories: _Texts = frozenset()


class _Price(_Model):
    minimum: _Amount | None = None
    maximum: _Amount | None = None


class _Value(_Model):
    per_person: _Amount | None = None
    per_order: _Amount | None = None


class _Starts(_Model):
    after: _Duration = timedelta(0)
    within: _Duration | None = None


class _Regional(_Model):
    without: _Regions = frozenset()
    only: _Regions = frozenset()


def _left_out(value: object) -> object:
    """A word with nothing below it limits nothing."""
    return {} if value is None else value


class _Limits(_Model):
    exclude: Annotated[_Exclude, BeforeValidator(_left_out)] = _Exclude()
    ticket_price: Annotated[_Price, BeforeValidator(_left_out)] = _Price()
    insured_value: Annotated[_Value, BeforeValidator(_left_out)] = _Value()
    starts: Annotated[_Starts, BeforeValidator(_left_out)] = _Starts()
    regions: Annotated[_Regional, BeforeValidator(_left_out)] = _Regional()
    only_non_refundable: Annotated[bool, Field(strict=True)] = False


def read_limits(text: str) -> OfferLimits:
    """Read the limits; an empty text has none. Raise ``TemplateError`` with place and reason."""
    if not text.strip():
        return OfferLimits()
    document = read_document(text)
    if document is None:
        return OfferLimits()
    try:
        found = _Limits.model_validate(document)
    except ValidationError as error:
        first = complaint(error)
    else:
        return _checked(found)
    path = ".".join(str(part) for part in first["loc"])
    raise TemplateError(path, sentence_of(first, unknown_field="there is no limit of this name"))


def _checked(found: _Limits) -> OfferLimits:
    price, starts = found.ticket_price, found.starts
    if None not in (price.minimum, price.maximum) and price.minimum > price.maximum:  # type: ignore[operator]
        raise TemplateError("ticket_price", "the minimum is above the maximum")
    if starts.within is not None and starts.within <= starts.after:
        raise TemplateError("starts", "no event would begin in time")
    return OfferLimits(
        products=found.exclude.products,
        product_types=found.exclude.product_types,
        categories=found.exclude.categories,
        lowest_price=price.minimum,
        highest_price=price.maximum,
        per_person=found.insured_value.per_person,
        per_order=found.insured_value.per_order,
        starts_after=starts.after,
        starts_within=starts.within,
        without_regions=found.regions.without,
        only_regions=found.regions.only,
        only_non_refundable=found.only_non_refundable,
    )

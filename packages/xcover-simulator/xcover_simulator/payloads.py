"""Reading requests: the inferred event schema and the documented policyholder."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from .jsontext import Json
from .refusals import Refusal, field_errors

Model = TypeVar("Model", bound=BaseModel)

PLUS = 'The phone number should start with "+" character'
REQUIRED = "This field is required."

_RFC_3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d")


def _json_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a JSON number")
    return Decimal(value)


def _date_text(value: Any) -> Any:
    if isinstance(value, str) and _RFC_3339.match(value):
        return value
    raise ValueError("must be an RFC 3339 date-time")


Amount = Annotated[Decimal, BeforeValidator(_json_number), Field(ge=0, le=10**12)]
Moment = Annotated[AwareDatetime, BeforeValidator(_date_text)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+")]


class Lenient(BaseModel):
    """Unknown fields are let through, as in captured offers."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class CustomerIn(Lenient):
    """Who buys: ISO 639 language, ISO 4217 currency, ISO 3166 country (documented formats)."""

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    country: Country
    language: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z]{2}([-_][a-zA-Z]{2,4})?$")] = "en"


class TicketIn(Lenient):
    """One ticket; ``price`` in the customer's currency. ``resale`` is tolerated."""

    price: Amount
    resale: bool | None = None


class EventIn(Lenient):
    """One event. INFERRED: the partner's real schema is configured by Cover Genius."""

    name: Text
    start_date: Moment
    end_date: Moment | None = None
    venue: str | None = None
    city: str | None = None
    country: Country | None = None
    tickets: Annotated[list[TicketIn], Field(min_length=1)]

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "EventIn":
        if self.end_date is not None and self.end_date < self.start_date:
            raise ValueError("end_date lies before start_date")
        return self


class EventChangesIn(BaseModel):
    """The fields of a booked event that a modification may name (events guide, partly inferred)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start_date: Moment | None = None
    end_date: Moment | None = None
    tickets: Annotated[list[TicketIn], Field(min_length=1)] | None = None


class PolicyholderIn(BaseModel):
    """The policyholder; the first five fields are documented as required."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_name: Text
    last_name: Text
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]
    phone: Phone
    country: Country
    middle_name: str | None = None
    address1: str | None = None
    address2: str | None = None
    postcode: str | None = None
    city: str | None = None
    region: str | None = None
    birth_date: str | None = None
    gender: str | None = None
    company: str | None = None
    company_reg_id: str | None = None
    age: int | None = None
    secondary_email: str | None = None


def read(model: type[Model], value: Any, refuse: Callable[[ValidationError], Refusal]) -> Model:
    """Return ``value`` as ``model`` or raise what ``refuse`` makes of the errors."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise refuse(error) from None


def read_policyholder(value: Any) -> PolicyholderIn:
    """Return the policyholder or raise 422 under ``errors.policyholder`` (recorded for phone)."""
    if not isinstance(value, dict):
        raise field_errors({"policyholder": [REQUIRED]})
    return read(
        PolicyholderIn, value, lambda error: field_errors({"policyholder": by_field(error)})
    )


def by_field(error: ValidationError) -> Json:
    """Return pydantic's errors as XCover nests them: field to a list of sentences."""
    found: Json = {}
    for item in error.errors():
        name = str(item["loc"][0]) if item["loc"] else "non_field_errors"
        found.setdefault(name, []).append(_sentence(name, item["type"], item["msg"]))
    return found


def in_words(error: ValidationError) -> str:
    """Return pydantic's errors as one sentence."""
    return "; ".join(
        f"{'.'.join(str(step) for step in item['loc']) or 'body'}: {item['msg']}"
        for item in error.errors()
    )


def _sentence(name: str, kind: str, message: str) -> str:
    if kind == "missing":
        return REQUIRED
    if kind == "extra_forbidden":
        return "Unexpected field"
    return PLUS if name == "phone" and kind == "string_pattern_mismatch" else message

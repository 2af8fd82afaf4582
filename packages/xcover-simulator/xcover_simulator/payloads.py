"""Request bodies: the event schema (inferred) and the policyholder (documented)."""

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
"""Message of the 422 for a phone number without a country code (recorded)."""
REQUIRED = "This field is required."
"""Message of the 422 for a missing field."""

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
    """Base of models that ignore unknown fields, as create offer does (captured)."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class CustomerIn(Lenient):
    """The customer: ISO 4217 currency, ISO 3166 country and ISO 639 language (documented)."""

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    country: Country
    language: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z]{2}([-_][a-zA-Z]{2,4})?$")] = "en"


class TicketIn(Lenient):
    """One ticket of an event (inferred)."""

    price: Amount
    """Price of this ticket, in the customer's currency."""
    resale: bool | None = None
    """Accepted and ignored."""


class EventIn(Lenient):
    """One ticketed event (inferred). Cover Genius configures the real schema per partner."""

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
    """The fields of a booked event that a modification may change.

    Dates and tickets are documented as typical changes, their exact names are partly inferred:
    https://partner-docs.covergenius.com/offers/vertical-examples/events-tickets/modify-booking
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    start_date: Moment | None = None
    end_date: Moment | None = None
    tickets: Annotated[list[TicketIn], Field(min_length=1)] | None = None


class PolicyholderIn(BaseModel):
    """The policyholder. The first five fields are documented as required."""

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
    """Return ``value`` as ``model``; raise the refusal that ``refuse`` builds from the errors."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise refuse(error) from None


def read_policyholder(value: Any) -> PolicyholderIn:
    """Return the policyholder.

    Raises the 422 refusal with the errors under ``errors.policyholder`` (recorded for phone).
    """
    if not isinstance(value, dict):
        raise field_errors({"policyholder": [REQUIRED]})
    return read(
        PolicyholderIn, value, lambda error: field_errors({"policyholder": by_field(error)})
    )


def by_field(error: ValidationError) -> Json:
    """Return the errors in XCover's shape: field name to a list of sentences."""
    found: Json = {}
    for item in error.errors():
        name = str(item["loc"][0]) if item["loc"] else "non_field_errors"
        found.setdefault(name, []).append(_sentence(name, item["type"], item["msg"]))
    return found


def in_words(error: ValidationError) -> str:
    """Return the errors as one sentence, each with the path of its field."""
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

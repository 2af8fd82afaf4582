"""Types of single settings: how a text of the form is read, and the sentence for a wrong one.

A refusal is pydantic's error with that sentence beside it; pydantic adds which field it is about.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, FailFast, PlainValidator, ValidationInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from ..domain.api_address import fault_of
from ..domain.countries import ISO_3166, hint_for
from ..domain.event_data import EventMapping
from ..domain.numbers import whole_number
from ..domain.offer_limits import OfferLimits
from ..domain.rates import Rates
from ..payload.documents import TemplateError
from .fields import label_of
from .limits import read_limits
from .payloads import ChosenPayload

MAY_USE_HTTP = "may_use_http"
"""Key of the validation context: whether an API address may be without encryption."""

_PARTNER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")
_RATE = re.compile(r"[0-9]{1,4}(\.[0-9]{1,6})?")


def _refusal(sentence: str) -> PydanticCustomError:
    """Return what a reader raises. The sentence quotes a setting, so it is no text of the error.

    It is in a tuple since pydantic encodes plain texts: a half surrogate can be sent to Saleor, and
    not be encoded.
    """
    return PydanticCustomError("refused_setting", "refused", {"sentence": (sentence,)})


def sentence_of(error: ErrorDetails) -> str:
    """Return the sentence of a refusal."""
    (sentence,) = error.get("ctx", {}).get("sentence") or ("A setting cannot be read.",)
    return str(sentence)


def _api_address(text: str, info: ValidationInfo) -> str:
    may_use_http = (info.context or {}).get(MAY_USE_HTTP, False)
    if fault := fault_of(text, may_use_http=may_use_http):
        raise _refusal(fault)
    return text.rstrip("/")


def _partner_code(text: str) -> str:
    if not _PARTNER.fullmatch(text):
        raise _refusal("The partner code holds letters, digits, - and _ only, 64 at most.")
    return text


def _event_mapping(text: str) -> EventMapping:
    try:
        return EventMapping.parse(text)
    except ValueError as error:
        raise _refusal(f"Event data mapping, {error}.") from error


def _limits(text: str) -> OfferLimits:
    try:
        return read_limits(text)
    except TemplateError as error:
        raise _refusal(f"Limits on offers, {error}.") from error


def _whole(text: str, most: int, sentence: str) -> int:
    """Read a number from 1 to ``most``. Raise the refusal with the sentence for anything else."""
    number = whole_number(text, most=most)
    if not number:
        raise _refusal(sentence)
    return number


def _minutes(text: str) -> int:
    return _whole(text, 1440, "Give the offer validity in minutes, 1 to 1440.")


def _days(text: str) -> timedelta | None:
    if not text:
        return None
    sentence = "Give the cooling-off period in days, 1 to 3650, or nothing."
    return timedelta(days=_whole(text, 3650, sentence))


def up_to(most: int) -> BeforeValidator:
    """Read a number from 1 to ``most``; the refusal names the field by its label."""

    def read(text: str, info: ValidationInfo) -> int:
        label = label_of(str(info.field_name))
        return _whole(text, most, f"{label}: give a number, 1 to {most}.")

    return BeforeValidator(read)


def _rates(text: str) -> Rates:
    # Decimal itself also reads underscores, exponents and the digits of any script.
    selling = Decimal(text) if _RATE.fullmatch(text) else Decimal(0)
    if not 1 <= selling <= 1000:
        raise _refusal("Give the calls per second, 1 to 1000.")
    return Rates.agreed(selling)


def _currency(text: str) -> str:
    code = text.upper()
    if not _CURRENCY.fullmatch(code):
        raise _refusal(f"Not a currency: {code[:20]}. Write codes such as EUR, USD.")
    return code


def _country(text: str) -> str:
    code = text.upper()
    if code not in ISO_3166:
        raise _refusal(f"Not a country: {code[:20]}; {hint_for(code)}.")
    return code


def _language(text: str) -> str:
    code = text.lower()
    if not _LANGUAGE.fullmatch(code):
        raise _refusal(f"Not a language: {code[:20]}. Write codes such as en, de, en-us.")
    return code


def _header_name(text: str) -> str:
    if text and not _HEADER.fullmatch(text):
        raise _refusal("Give the name of one header, such as X-Forwarded-For, or nothing.")
    if text.lower() == "forwarded":
        raise _refusal(
            "The header Forwarded (RFC 7239) is not read. Name one that holds addresses only, such "
            "as X-Forwarded-For."
        )
    return text


def _listed(text: str) -> list[str]:
    """Split at commas and line breaks; blank parts are none."""
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def _is_true(text: str) -> bool:
    return text.lower() == "true"


Listed = BeforeValidator(_listed)


def _only_on_line(is_on: bool, info: ValidationInfo) -> bool:
    if is_on and not info.data.get("tax_on_line"):
        raise _refusal("Only with the tax on the line needs Tax on the line.")
    return is_on


ApiAddress = Annotated[str, AfterValidator(_api_address)]
PartnerCode = Annotated[str, AfterValidator(_partner_code)]
Mapped = Annotated[EventMapping, PlainValidator(_event_mapping)]
Limits = Annotated[OfferLimits, PlainValidator(_limits)]
Payload = Annotated[ChosenPayload, PlainValidator(ChosenPayload)]
Minutes = Annotated[int, BeforeValidator(_minutes)]
Days = Annotated[timedelta | None, BeforeValidator(_days)]
CallRates = Annotated[Rates, PlainValidator(_rates)]
Slugs = Annotated[frozenset[str], Listed]
Currencies = Annotated[frozenset[Annotated[str, AfterValidator(_currency)]], FailFast(), Listed]
Countries = Annotated[frozenset[Annotated[str, AfterValidator(_country)]], FailFast(), Listed]
Languages = Annotated[tuple[Annotated[str, AfterValidator(_language)], ...], FailFast(), Listed]
"""In the order they were written: the first is the one others get."""
HeaderName = Annotated[str, AfterValidator(_header_name)]
Flag = Annotated[bool, BeforeValidator(_is_true)]
OnlyOnLine = Annotated[Flag, AfterValidator(_only_on_line)]

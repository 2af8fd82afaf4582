"""Payload schemas that a partner agreed: what they allow, and how the events in them are read.

Cover Genius configures a schema per partner; none for events is public. The setting
``agreed_schemas`` holds JSON Schemas, and the field names below are those of the vendor's public
examples: nested (inferred), flat (recorded quotes of https://github.com/CoverGenius/xcover-python),
and totals beside a list (https://partner-docs.covergenius.com/offers/guides/personalisation-engine).
"""

from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError

from .jsontext import Json, dumps, loads
from .refusals import field_errors

PARTS = ("context", "customer", "partner", "insured")
"""The parts of requests for which a schema may be agreed."""

_NAMES = {
    "name": ("name", "event_name"),
    "start_date": ("start_date", "event_datetime", "event_start_date"),
    "end_date": ("end_date", "event_end_date"),
    "venue": ("venue", "event_location"),
    "city": ("city", "event_city"),
    "country": ("country", "event_country"),
}


def check_schemas(schemas: Json) -> Json:
    """Return the schemas. Raise ``ValueError`` for an unknown part or what is no JSON Schema."""
    for part, schema in schemas.items():
        if part not in PARTS:
            raise ValueError(f"{part} is none of {', '.join(PARTS)}")
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            raise ValueError(f"{part} is no JSON Schema: {error.message}") from None
    return schemas


def require_agreed(schemas: Json, part: str, value: Any) -> None:
    """Raise the 422 refusal if a part of a request is not as its agreed schema says."""
    schema = schemas.get(part)
    if schema is None:
        return
    errors: Json = {}
    for error in _validator(dumps(schema)).iter_errors(value):
        path = ".".join(str(step) for step in error.absolute_path) or "non_field_errors"
        errors.setdefault(path, []).append(error.message)
    if errors:
        raise field_errors({part: errors})


@lru_cache(maxsize=32)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(loads(schema), format_checker=FormatChecker())


def events_in(context: Json) -> list[Any]:
    """Return the events of a context of any style, each in the nested style."""
    listed = context.get("events")
    events = listed if isinstance(listed, list) else [context]
    return [_nested(event) if isinstance(event, dict) else event for event in events]


def _nested(event: Json) -> Json:
    found: Json = {}
    for name, called in _NAMES.items():
        for other in called:
            if event.get(other) is not None:
                found.setdefault(name, event[other])
    tickets = event.get("tickets")
    if isinstance(tickets, list):
        found["tickets"] = tickets
    else:
        performances = event.get("performances") or []
        found["tickets"] = [
            {"price": each.get("unit_price")}
            for each in performances
            for _ in range(each.get("quantity", 0))
        ]
    return found

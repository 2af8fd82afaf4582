"""Check a payload against the partner's JSON Schema, where ``jsonschema`` is installed.

It comes with the extra ``schema``; Saleor does not bring it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded

from .documents import TemplateError, exact

NOT_CHECKED = (
    "The JSON Schema is not checked, because the package jsonschema is not installed. Install "
    "saleor-xcover-plugin[schema], or use xcover_payload where it is."
)

_ABOUT_STRUCTURE = frozenset(
    {"type", "required", "additionalProperties", "unevaluatedProperties", "propertyNames"}
)
"""Rules that a template keeps or breaks whatever the values are."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A place at which a payload breaks a schema."""

    path: str
    rule: str
    """Name of the schema's rule, such as ``required``; empty if the schema cannot be used."""
    why: str
    """Plain words, with names and types of the schema, never with a value of the payload."""

    @property
    def is_structural(self) -> bool:
        """True if every payload of the template breaks the rule, whatever the values are."""
        return not self.rule or self.rule in _ABOUT_STRUCTURE


def is_available() -> bool:
    """Return True if schemas can be checked."""
    return find_spec("jsonschema") is not None


def read_schema(text: str) -> Any:
    """Return a schema. Raise ``TemplateError`` for what is no JSON, or no JSON Schema.

    Without ``jsonschema`` any JSON object passes.
    """
    try:
        schema = json.loads(text, parse_float=exact)
    except (ValueError, RecursionError):
        raise TemplateError("", "this is no JSON") from None
    if not isinstance(schema, dict):
        raise TemplateError("", "a JSON Schema is an object")
    if is_available():
        from jsonschema.exceptions import SchemaError
        from jsonschema.validators import validator_for

        try:
            validator_for(schema).check_schema(schema)
        except SchemaError as error:
            place = ".".join(str(step) for step in error.absolute_path)
            raise TemplateError(place, "this is no valid JSON Schema") from None
        except SoftTimeLimitExceeded:
            raise
        except Exception:  # a schema may hold anything
            raise TemplateError("", "this is no valid JSON Schema") from None
    return schema


def violations(
    schema: Any, payload: dict[str, Any], *, only_structure: bool = False
) -> list[Violation]:
    """Return where a payload breaks a schema; none without ``jsonschema``.

    The schema is about the whole body if it names ``context`` among its properties, else about
    the context alone. References to other documents are not followed. Amounts may be Decimals.
    With ``only_structure`` patterns of values are not tried: somebody waits, and a pattern may take
    for ever. A schema with more than ``MAX_STEPS`` references and alternatives cannot be used.
    """
    if not is_available():
        return []
    from jsonschema.validators import validator_for
    from referencing import Registry

    is_whole = "context" in (schema.get("properties") or {})
    value, start = (payload, "") if is_whole else (payload["context"], "context")
    validator = _bounded(validator_for(schema), only_structure)(schema, registry=Registry())
    try:
        return sorted(_found(validator.iter_errors(value), start), key=lambda each: each.path)
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # a schema may refer to anything
        return [Violation(start, "", f"the schema cannot be used ({type(error).__name__})")]


MAX_STEPS = 20_000
"""Most references and alternatives of a schema that are looked at for one payload."""
_BRANCHES = ("$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "not", "dependentSchemas")


class _TooManySteps(Exception):
    pass


def _bounded(kind: Any, only_structure: bool) -> Any:
    """Return a validator that gives up after ``MAX_STEPS``."""
    from jsonschema.validators import extend

    left = MAX_STEPS

    def counted(rule: Any) -> Any:
        def check(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise _TooManySteps
            yield from rule(validator, value, instance, schema) or ()

        return check

    rules = {name: counted(kind.VALIDATORS[name]) for name in _BRANCHES if name in kind.VALIDATORS}
    return extend(kind, {**rules, "pattern": _untried} if only_structure else rules)


def _untried(*_: Any) -> tuple[()]:
    return ()


def _found(errors: Any, start: str) -> Iterator[Violation]:
    for error in errors:
        path = start
        for step in error.absolute_path:
            path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
        yield Violation(path, str(error.validator), _words(error))


def _words(error: Any) -> str:
    if error.validator == "required":
        lacking = [name for name in error.validator_value if name not in error.instance]
        return f"the field {', '.join(lacking)} is missing"
    if error.validator in ("additionalProperties", "unevaluatedProperties"):
        return "it holds fields that the schema does not know"
    if error.validator == "type":
        return f"the schema wants the type {error.validator_value}"
    return f"the rule {error.validator} is broken"

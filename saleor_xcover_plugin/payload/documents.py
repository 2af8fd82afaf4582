"""Read the text of a template, JSON or YAML, into plain values, within bounds.

YAML is read without anchors, aliases, tags and merge keys, and by the rules of version 1.2: ``NO``
is a text (a country), and so are dates and times.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml
from pydantic import ValidationError

MAX_BYTES = 65_536
"""Longest template."""
MAX_DEPTH = 12
"""Most levels of objects and lists in what is sent."""
_MAX_NESTING = 3 * MAX_DEPTH
"""Most levels in a document: a level that is sent may take up to three, for its directive."""
MAX_NODES = 2000
"""Most objects, lists and single values in one payload."""
MAX_DIGITS = 15
"""Most significant digits of a number; a JSON number keeps no more."""
UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
"""Characters that no JSON text in UTF-8, or no PostgreSQL text, can hold."""


class TemplateError(ValueError):
    """A template cannot be used. The text names the place and the reason, for staff."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}" if path else why)
        self.path = path


def complaint(error: ValidationError) -> Mapping[str, Any]:
    """Return the first of pydantic's complaints, without the value it is about."""
    return error.errors(include_url=False, include_input=False)[0]


def sentence_of(complaint: Mapping[str, Any], *, unknown_field: str) -> str:
    """Say in our own words what pydantic found wrong; ``unknown_field`` is said of a field."""
    if complaint["type"] == "value_error":
        return str(complaint["ctx"]["error"])
    own = {"extra_forbidden": unknown_field, "missing": "it is missing"}
    return own.get(complaint["type"], "it has the wrong type")


def read_document(text: str) -> Any:
    """Return the plain value of a JSON or YAML text: objects, lists, texts, numbers, flags, null.

    Numbers with a fraction are Decimals. Raise ``TemplateError`` for anything else, and for a text
    that is too long, too deep, or names a field twice.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise TemplateError("", f"it is longer than {MAX_BYTES // 1024} kB")
    is_json = text.lstrip()[:1] in ("{", "[")
    value = _read_json(text) if is_json else _read_yaml(text)
    require_plain(value)
    return value


def _read_json(text: str) -> Any:
    try:
        return json.loads(text, parse_float=exact, parse_constant=exact, object_pairs_hook=_object)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        if isinstance(error, TemplateError):
            raise
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise TemplateError(place, "this is no JSON") from None


def exact(text: str) -> Decimal:
    """Return the number of a text. Raise ``ValueError`` for one no ``Decimal`` can hold."""
    try:
        return Decimal(text)
    except InvalidOperation:  # not a ValueError
        raise ValueError("a number is out of range") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise TemplateError(name, "this field is named twice")
        found[name] = value
    return found


def _read_yaml(text: str) -> Any:
    try:
        _require_simple(yaml.parse(text, Loader=_Loader))
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except TemplateError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        mark: Any = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else ""
        raise TemplateError(place, "this is no YAML") from None


def _require_simple(events: Iterable[yaml.Event]) -> None:
    """Raise ``TemplateError`` for what could grow when it is read, before it is."""
    depth = 0
    for event in events:
        mark: Any = event.start_mark
        place = f"line {mark.line + 1}"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise TemplateError(place, "anchors and aliases are not read")
        if getattr(event, "tag", None):
            raise TemplateError(place, "tags are not read")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_NESTING:
                raise _too_deep()
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_deep() -> TemplateError:
    return TemplateError("", f"it has more than {_MAX_NESTING} levels")


class _Loader(yaml.SafeLoader):
    """Reads plain words by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103)."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    pairs = []
    for key, value in node.value:
        name = loader.construct_object(key, deep=True)
        if not isinstance(name, str):
            raise TemplateError(f"line {key.start_mark.line + 1}", "a name of a field is a text")
        pairs.append((name, loader.construct_object(value, deep=True)))
    return _object(pairs)


def _number(loader: _Loader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(loader.construct_scalar(node))


def _flag(loader: _Loader, node: yaml.ScalarNode) -> bool:
    return str(loader.construct_scalar(node)).lower() == "true"


_Loader.yaml_implicit_resolvers = {}
_TAG = "tag:yaml.org,2002:"
for _name, _pattern, _first in (
    ("null", r"(null|Null|NULL|~|)", "nN~\0"),
    ("bool", r"(true|True|TRUE|false|False|FALSE)", "tTfF"),
    ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)\.[0-9]+", "-0123456789"),
):
    _Loader.add_implicit_resolver(
        _TAG + _name, re.compile(rf"^(?:{_pattern})$"), [first.strip("\0") for first in _first]
    )
_Loader.add_constructor(_TAG + "map", _mapping)
_Loader.add_constructor(_TAG + "float", _number)
_Loader.add_constructor(_TAG + "bool", _flag)


def require_plain(value: Any, path: str = "", levels: int = _MAX_NESTING) -> None:
    """Raise ``TemplateError`` for a value that could not be sent."""
    if levels < 0:
        raise _too_deep()
    if isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str):
                raise TemplateError(path, "a name of a field is a text")
            _require_text(name, path)
            require_plain(item, f"{path}.{name}" if path else name, levels - 1)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            require_plain(item, f"{path}[{number}]", levels - 1)
    elif isinstance(value, str):
        _require_text(value, path)
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        _require_number(Decimal(value), path)
    elif value is not None and not isinstance(value, bool):
        raise TemplateError(path, "only objects, lists, texts, numbers, true, false and null")


def _require_text(text: str, path: str) -> None:
    if UNSENDABLE.search(text):
        raise TemplateError(path, "it holds a character that cannot be sent")


def _require_number(number: Decimal, path: str) -> None:
    is_short = number.is_finite() and len(number.as_tuple().digits) <= MAX_DIGITS
    if not is_short or Decimal(repr(float(number))) != number:
        raise TemplateError(path, f"a number has at most {MAX_DIGITS} digits")


def require_few(value: Any) -> None:
    """Raise ``TemplateError`` for more objects, lists and single values than are sent."""
    waiting, count = [value], 0
    while waiting:
        each = waiting.pop()
        count += 1
        if count > MAX_NODES:
            raise TemplateError("", f"it has more than {MAX_NODES} values")
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each

"""Fill in a node for a sale."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .documents import MAX_NODES
from .formats import Json
from .names import Gap, Place, TooManyReads
from .nodes import Constant, Each, Fields, From, Items, Node, holds, written


@dataclass(frozen=True, slots=True)
class Missing:
    """A required value that a sale does not have."""

    path: str
    """Place in the payload, such as ``context.events[0].venue``."""
    name: str
    """Name of the value in the template; empty if it is no single value."""
    why: str
    is_by_value: bool = False
    """True if another value of the same name may do."""


@dataclass(slots=True)
class Filled:
    """A node as it was filled in."""

    value: Any = None
    missing: list[Missing] = field(default_factory=list)
    personal: set[str] = field(default_factory=set)
    """Paths of values that may say something about a person."""
    size: int = 0
    """Number of objects, lists and single values."""
    is_shape: bool = False
    """True to fill in whatever conditions hold, so that every field it may ever have is there."""
    optional: set[str] = field(default_factory=set)
    """Paths of what another sale may lack, with ``[]`` for any item of a list."""


class _TooLarge(Exception):
    pass


class _NotInMap(Gap):
    pass


_LEFT_OUT = object()
_ITEM = re.compile(r"\[[0-9]+\]")


def fill_in(node: Node, place: Place, path: str, *, is_shape: bool = False) -> Filled:
    """Fill in a node for a place of a sale; never raises.

    What is missing is named in the result, whose value is not to be sent then. ``is_shape`` is as
    in ``Filled``.
    """
    filled = Filled(is_shape=is_shape)
    try:
        value = _fill(node, place, path, filled)
        filled.value = None if value is _LEFT_OUT else value
    except _TooLarge:
        filled.value = None
        filled.missing.append(Missing(path, "", f"it has more than {MAX_NODES} values"))
    except TooManyReads:
        filled.value = None
        why = "it reads values of all lines or tickets too many times"
        filled.missing.append(Missing(path, "", why))
    return filled


def _fill(node: Node, place: Place, path: str, filled: Filled) -> Any:
    filled.size += 1
    if filled.size > MAX_NODES:
        raise _TooLarge
    if node.conditions:
        filled.optional.add(_ITEM.sub("[]", path))
    if not filled.is_shape and not all(holds(each, place) for each in node.conditions):
        return _LEFT_OUT
    if any(condition.name.is_personal for condition in node.conditions):
        filled.personal.add(path)  # that it is there says something already
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, From):
        return _value(node, place, path, filled)
    if isinstance(node, Fields):
        found = {
            name: _fill(child, place, f"{path}.{name}" if path else name, filled)
            for name, child in node.fields.items()
        }
        return {name: value for name, value in found.items() if value is not _LEFT_OUT}
    return _list(node, place, path, filled)


def _list(node: Each | Items, place: Place, path: str, filled: Filled) -> list[Any]:
    if isinstance(node, Each):
        parts = [(node.item, part) for part in place.at(node.level)]
    else:
        parts = [(child, place) for child in node.items]
    found: list[Any] = []
    for child, part in parts:
        value = _fill(child, part, f"{path}[{len(found)}]", filled)
        if value is not _LEFT_OUT:
            found.append(value)
    return found


def _value(node: From, place: Place, path: str, filled: Filled) -> Any:
    if node.name.is_personal:
        filled.personal.add(path)
    if node.omit_if_missing:
        filled.optional.add(_ITEM.sub("[]", path))
    try:
        value = written(node.name, node.format, place)
        return value if node.map is None else _mapped(node.map, value)
    except Gap as gap:
        if node.omit_if_missing:
            return _LEFT_OUT
        if not node.has_default:
            is_by_value = isinstance(gap, _NotInMap)
            filled.missing.append(Missing(path, node.name.text, str(gap), is_by_value))
        return node.default


def _mapped(choices: dict[str, Json], value: Json) -> Json:
    key = _key(value)
    if key not in choices:
        raise _NotInMap("its value is not in the map")
    return choices[key]


def _key(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)

"""The words of a template, as models: ``from``, ``each``, ``object``, ``constant`` and ``when``.

Every other object of a template is sent as it stands, each of its fields being a node again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from .documents import TemplateError, complaint, sentence_of
from .formats import MAX_TEXT, Json, formats_of, is_of, types_of, write
from .names import Gap, Level, Name, find, known_names

MAX_CONDITIONS = 20
"""Most conditions on one node."""
_EACH = {"events": Level.EVENT, "lines": Level.LINE, "tickets": Level.TICKET}
WORDS = ("from", "each", "object", "constant")
"""The words that make an object a directive. A field of such a name is written in ``object``."""
_OPTIONS = {
    "from": {"format", "map", "default", "omit_if_missing", "when"},
    "each": {"item", "when"},
    "object": {"when"},
    "constant": {"when"},
}
"""The words that may stand beside each."""


def _name(text: object) -> Name:
    found = find(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"there is no value of this name; known are {', '.join(known_names())}")
    return found


def _single(value: object) -> object:
    if isinstance(value, list | dict):
        raise ValueError("a single text, number, true, false or null is wanted here")
    return value


def _listed(value: object) -> object:
    if not isinstance(value, list) or not value:
        raise ValueError("a list of texts, numbers, true or false is wanted here")
    return [_single(item) for item in value]


_Name = Annotated[Any, BeforeValidator(_name)]
_Single = Annotated[Any, BeforeValidator(_single)]
_Singles = Annotated[Any, BeforeValidator(_listed)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Condition(_Model):
    """A test of one value: ``{from: NAME}`` with one of ``equals``, ``exists`` and ``in``."""

    name: _Name = Field(alias="from")
    format: str | None = None
    equals: _Single = None
    exists: bool | None = None
    one_of: _Singles = Field(default=None, alias="in")


class _Options(_Model):
    when: Condition | list[Condition] | None = None
    """Conditions that must all hold, or the node is left out."""

    @property
    def conditions(self) -> Sequence[Condition]:
        """The conditions, none if there is no ``when``."""
        if self.when is None:
            return ()
        return self.when if isinstance(self.when, list) else (self.when,)


class From(_Options):
    """The value of a name."""

    name: _Name = Field(alias="from")
    format: str | None = None
    map: dict[str, _Single] | None = None
    """The value sent for each written value; a written value not listed counts as missing."""
    default: _Single = None
    omit_if_missing: bool = False

    @property
    def has_default(self) -> bool:
        """True if the template names a default, which may be null."""
        return "default" in self.model_fields_set


class Each(_Options):
    """A list with one item for each event, line or ticket."""

    level: Level
    item: Any


class Constant(_Options):
    """A single value, the same for every sale."""

    value: _Single


class Fields(_Options):
    """An object; its fields are nodes by name."""

    fields: dict[str, Any]


class Items(_Options):
    """A list of nodes."""

    items: list[Any]


Node = From | Each | Constant | Fields | Items


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads a document into nodes.

    ``allowed`` are beginnings of the names that have a value where the nodes are used.
    """

    allowed: tuple[str, ...] = ("",)
    denied: tuple[str, ...] = ()
    """Beginnings of the names that have none yet."""
    has_events: bool = True
    """False where the tickets of a sale are no longer grouped by event."""

    def read(self, raw: Any, path: str, level: Level = Level.SALE) -> Node:
        """Read a plain value into a node. Raise ``TemplateError`` with the path of what is wrong.

        ``level`` is the level of the parts of the sale for which the node is filled in.
        """
        if isinstance(raw, dict):
            words = [word for word in WORDS if word in raw]
            if len(words) > 1:
                raise TemplateError(path, f"{' and '.join(words)} cannot stand in one object")
            if words:
                return self._directive(words[0], raw, path, level)
            return Fields(fields=self._fields(raw, path, level))
        if isinstance(raw, list):
            return Items(
                items=[self.read(item, f"{path}[{n}]", level) for n, item in enumerate(raw)]
            )
        if isinstance(raw, str) and find(raw) is not None:
            raise TemplateError(
                path, f"write {{from: {raw}}} for the value, {{constant: {raw}}} for the text"
            )
        _require_short(raw, path)
        return Constant(value=raw)

    def _directive(self, word: str, raw: dict[str, Any], path: str, level: Level) -> Node:
        options = {name: value for name, value in raw.items() if name != word}
        for name in options:
            if name not in _OPTIONS[word]:
                raise TemplateError(f"{path}.{name}", "this word has no meaning here")
        if word == "from":
            node = self._model(From, raw, path)
            self._check_from(node, path)
        elif word == "constant":
            if isinstance(raw[word], list | dict):
                raise TemplateError(
                    f"{path}.constant", "a single text, number, true, false or null is wanted here"
                )
            node = self._model(Constant, {**options, "value": raw[word]}, path)
            _require_short(node.value, path)
        elif word == "object":
            if not isinstance(raw[word], dict):
                raise TemplateError(f"{path}.object", "an object with fields is wanted here")
            fields = self._fields(raw[word], path, level)
            node = self._model(Fields, {**options, "fields": fields}, path)
        else:
            node = self._each(raw[word], options, path, level)
        if node.when == []:
            raise TemplateError(f"{path}.when", "it names no condition")
        if len(node.conditions) > MAX_CONDITIONS:
            raise TemplateError(f"{path}.when", f"it has more than {MAX_CONDITIONS} conditions")
        for condition in node.conditions:
            self._check_condition(condition, path)
        return node

    def _each(self, what: object, options: dict[str, Any], path: str, level: Level) -> Each:
        wanted = _EACH.get(what) if isinstance(what, str) else None
        if wanted is None:
            raise TemplateError(f"{path}.each", f"one of {', '.join(_EACH)} is wanted here")
        if wanted <= level or (wanted == Level.EVENT and not self.has_events):
            raise TemplateError(f"{path}.each", f"there are no {what} inside this part of the sale")
        if "item" not in options:
            raise TemplateError(path, "each needs an item")
        item = self.read(options.pop("item"), f"{path}[]", wanted)
        return self._model(Each, {**options, "level": wanted, "item": item}, path)

    def _fields(self, raw: Mapping[str, Any], path: str, level: Level) -> dict[str, Node]:
        return {
            name: self.read(item, f"{path}.{name}" if path else name, level)
            for name, item in raw.items()
        }

    def _model(self, model: Any, values: Mapping[str, Any], path: str) -> Any:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            first = complaint(error)
        place = ".".join(str(part) for part in first["loc"] if part not in ("Condition", "list"))
        why = sentence_of(first, unknown_field="this word has no meaning here")
        raise TemplateError(f"{path}.{place}" if path else place, why)

    def _check_from(self, node: From, path: str) -> None:
        self._check_name(node.name, node.format, path)
        if node.map is not None and not node.map:
            raise TemplateError(f"{path}.map", "it names no value")
        for value in (node.default, *(node.map or {}).values()):
            _require_short(value, path)
        if node.omit_if_missing and node.has_default:
            raise TemplateError(path, "omit_if_missing and default exclude each other")

    def _check_condition(self, condition: Condition, path: str) -> None:
        self._check_name(condition.name, condition.format, f"{path}.when")
        tests = {"equals", "exists", "one_of"} & condition.model_fields_set
        if len(tests) != 1 or ("exists" in tests and condition.exists is None):
            raise TemplateError(f"{path}.when", "one of equals, exists and in is wanted here")
        types = types_of(condition.name.kind, condition.format)
        compared = [condition.equals] if "equals" in tests else condition.one_of or []
        if not all(is_of(value, types) for value in compared):
            wanted = " or ".join(_TYPE_NAMES[each] for each in types)
            raise TemplateError(
                f"{path}.when", f"{condition.name.text} is compared with a {wanted} here"
            )

    def _check_name(self, name: Name, form: str | None, path: str) -> None:
        if self.denied and name.text.startswith(self.denied):
            raise TemplateError(path, f"{name.text} has no value before there is an order")
        if not name.text.startswith(self.allowed):
            raise TemplateError(path, f"{name.text} has no value any more when the order is paid")
        if form is not None and form not in formats_of(name.kind):
            raise TemplateError(
                f"{path}.format",
                f"{name.text} is a {name.kind}; its formats are {', '.join(formats_of(name.kind))}",
            )


_TYPE_NAMES = {bool: "true or false", int: "whole number", Decimal: "number", str: "text"}


def _require_short(value: Any, path: str) -> None:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise TemplateError(path, f"a text has at most {MAX_TEXT} characters")


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all nodes in it."""
    yield node
    children: Sequence[Node] = ()
    if isinstance(node, Fields):
        children = list(node.fields.values())
    elif isinstance(node, Items):
        children = node.items
    elif isinstance(node, Each):
        children = [node.item]
    for child in children:
        yield from walk(child)


def names_in(node: Node) -> Iterator[Name]:
    """Yield the names used in a node and in all nodes in it."""
    for each in walk(node):
        if isinstance(each, From):
            yield each.name
        for condition in each.conditions:
            yield condition.name


def holds(condition: Condition, place: Any) -> bool:
    """Return True if a condition holds at a place; a value that is missing equals nothing."""
    try:
        value = written(condition.name, condition.format, place)
    except Gap:
        return condition.exists is False
    if condition.exists is not None:
        return condition.exists
    if "equals" in condition.model_fields_set:
        return is_same(value, condition.equals)
    return any(is_same(value, wanted) for wanted in condition.one_of)


def is_same(value: Json, wanted: Json) -> bool:
    """Return True if two values are equal and of one kind: ``true`` is not 1."""
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted


def written(name: Name, form: str | None, place: Any) -> Json:
    """Return the value of a name at a place as it is sent. Raise ``Gap`` if there is none."""
    return write(name.value(place), name.kind, form, place.sale.basket.currency)

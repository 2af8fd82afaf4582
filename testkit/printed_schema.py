"""A GraphQL schema as text with its descriptions, which graphql-core 2 leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TYPE = re.compile(r"(?:type|enum|scalar|input|interface|union) (\w+)")
_MEMBER = re.compile(r"  (\w+)")
_ARGUMENTS = re.compile(r"(  \w+)\((.*)\)(: \S+.*)")
_INDENT = "    "


def described(schema: Any) -> str:
    """Return the schema as graphql-core prints it, each description above what it describes."""
    return "\n".join(_lines(schema, str(schema).splitlines())) + "\n"


def _lines(schema: Any, printed: list[str]) -> Iterator[str]:
    kind: Any = None
    for line in printed:
        described_by = None
        if found := _TYPE.match(line):
            kind = schema.get_type(found[1])
            described_by = kind.description
        elif kind is not None and (found := _MEMBER.match(line)):
            described_by = _member(kind, found[1])
        if described_by:
            yield _quoted(described_by, indent=line[: len(line) - len(line.lstrip())])
        yield from _with_arguments(kind, line)


def _with_arguments(kind: Any, line: str) -> Iterator[str]:
    """Return a field as it was printed, or one line for each argument if any is described."""
    found = _ARGUMENTS.fullmatch(line)
    arguments = kind.fields[found[1].strip()].args if found else {}
    if found is None or not any(each.description for each in arguments.values()):
        yield line
        return
    yield f"{found[1]}("
    for name, argument in arguments.items():
        if argument.description:
            yield _quoted(argument.description, indent=_INDENT)
        yield f"{_INDENT}{_printed(name, argument, found[2])}"
    yield f"  ){found[3]}"


def _printed(name: str, argument: Any, line: str) -> str:
    """Return an argument as it stands in the printed line. Its default would be cut."""
    printed = f"{name}: {argument.type}"
    assert argument.default_value is None, f"{name} has a default"
    assert printed in line, f"{printed} is not in {line}"
    return printed


def _quoted(text: str, *, indent: str) -> str:
    return f'{indent}"""{" ".join(text.split())}"""'


def _member(kind: Any, name: str) -> str | None:
    """Return the description of a field or of a value of an enum."""
    if hasattr(kind, "get_values"):
        return next((each.description for each in kind.get_values() if each.name == name), None)
    fields = getattr(kind, "fields", None) or {}
    return fields[name].description if name in fields else None

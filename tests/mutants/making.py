"""Make the mutants of a module: its text with one small mistake in each.

The mistakes are those of mutmut, which leaves out what its trampolines cannot wrap: tables at the
top of a module, dataclasses, properties. Ours are whole texts, so these are mutated too, and
three kinds of mistakes are added that matter for rules kept in tables.
"""

from __future__ import annotations

import difflib
import hashlib
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import deep_replace
from mutmut.mutation.mutators import (
    mutation_operators,
    operator_arg_removal,
    operator_assignment,
    operator_string,
)

UNTOUCHED = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom)
"""What no mistake is made in: types are checked by mypy, imports by running at all."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake. Its name stays the same when other lines of the file change."""

    file: str
    scope: str
    """The function, class or name at the top of the module it is in; with dots when nested."""
    was: str
    """The lines that changed, without indentation."""
    now: str
    nth: int
    """Which of those that read the same in this scope, from 1."""
    line: int
    start: int
    end: int
    """Where in the module's text the statement stood that ``piece`` takes the place of."""
    piece: str

    def within(self, text: str) -> str:
        """Return the whole module with the mistake."""
        return text[: self.start] + self.piece + text[self.end :]

    @property
    def key(self) -> str:
        """Return a short name that does not depend on line numbers."""
        parts = (self.file, self.scope, self.was, self.now, str(self.nth))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def mutants(file: str, text: str) -> list[Mutant]:
    """Return all mutants of a module, in the order of its lines."""
    wrapper = MetadataWrapper(cst.parse_module(text))
    module = wrapper.module
    collector = _Collector()
    wrapper.visit(collector)
    # Only the statement with the mistake is rewritten: a whole module takes twenty times as long.
    pieces = [module.code_for_node(statement) for statement in module.body]
    foot = "".join(module.code_for_node(line) for line in module.footer)
    starts = [len(text) - len(foot) - len("".join(pieces[at:])) for at in range(len(pieces))]
    made: list[Mutant] = []
    seen, alike = set(enumerate(pieces)), Counter[tuple[str, str, str]]()
    for at, old, new, scope, line in collector.found:
        changed = deep_replace(module.body[at], old, new)
        piece = module.code_for_node(cst.ensure_type(changed, cst.CSTNode))
        if (at, piece) in seen or not _compiles(piece):
            continue
        seen.add((at, piece))
        was, now = _difference(pieces[at], piece)
        alike[scope, was, now] += 1
        nth, end = alike[scope, was, now], starts[at] + len(pieces[at])
        made.append(Mutant(file, scope, was, now, nth, line, starts[at], end, piece))
    return sorted(made, key=lambda one: one.line)


class _Collector(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        self.found: list[tuple[int, cst.CSTNode, cst.CSTNode, str, int]] = []
        self._scopes: list[str] = []
        self._statements: dict[cst.CSTNode, int] = {}
        self._at = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Module):
            self._statements = {statement: at for at, statement in enumerate(node.body)}
        self._at = self._statements.get(node, self._at)
        if isinstance(node, UNTOUCHED) or _is_bare_text(node) or _is_for_readers(node):
            return False
        if name := _name_of(node, is_at_top=not self._scopes):
            self._scopes.append(name)
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                line = self.get_metadata(PositionProvider, node).start.line
                for new in operator(node):
                    self.found.append((self._at, node, new, ".".join(self._scopes), line))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        is_at_top = len(self._scopes) == 1
        name = _name_of(original_node, is_at_top=is_at_top)
        if name and self._scopes and self._scopes[-1] == name:
            self._scopes.pop()


def _name_of(node: cst.CSTNode, *, is_at_top: bool) -> str:
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        return node.name.value
    if is_at_top and isinstance(node, cst.Assign) and isinstance(node.targets[0].target, cst.Name):
        return node.targets[0].target.value
    if is_at_top and isinstance(node, cst.AnnAssign) and isinstance(node.target, cst.Name):
        return node.target.value
    return ""


def _is_for_readers(node: cst.CSTNode) -> bool:
    """Whether this only tells type checkers and readers something: ``__all__``, a ``TypeVar``."""
    if not isinstance(node, cst.Assign):
        return False
    target, value = node.targets[0].target, node.value
    if isinstance(target, cst.Name) and target.value == "__all__":
        return True
    maker = value.func if isinstance(value, cst.Call) else None
    return isinstance(maker, cst.Name) and maker.value == "TypeVar"


def _is_bare_text(node: cst.CSTNode) -> bool:
    """Whether this is a docstring, also one below a constant."""
    return isinstance(node, cst.Expr) and isinstance(
        node.value, cst.BaseString | cst.FormattedString
    )


def _one_text(node: cst.SimpleString) -> Iterator[cst.BaseString]:
    """Change a text once: other spellings of the same change cost time and find nothing more."""
    if not _is_for_people(node.value):
        yield from list(operator_string(node))[:1]


def _part_of_formatted(node: cst.FormattedStringText) -> Iterator[cst.CSTNode]:
    if not _is_for_people(node.value):
        yield node.with_changes(value=f"XX{node.value}")


def _is_for_people(text: str) -> bool:
    """Whether this is (part of) a sentence: no rule reads it, and pages and people do."""
    return len(text.split()) > 2


def _fewer(node: cst.Set | cst.Tuple | cst.List | cst.Dict) -> Iterator[cst.CSTNode]:
    """Leave out one of several: a row of a table, an allowed state."""
    if len(node.elements) < 2:
        return
    for at in range(len(node.elements)):
        kept = [*node.elements[:at], *node.elements[at + 1 :]]
        if isinstance(node, cst.Tuple) and len(kept) == 1:
            comma = cst.Comma()
            kept = [kept[0].with_changes(comma=comma)]
        yield node.with_changes(elements=kept)


def _other_way_round(node: cst.If | cst.CompIf) -> Iterator[cst.CSTNode]:
    """Negate a condition that is a plain value: comparisons have mistakes of their own."""
    if isinstance(node.test, cst.Name | cst.Attribute | cst.Call):
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), node.test))


def _nothing(node: cst.Return) -> Iterator[cst.CSTNode]:
    """Return the wrong truth, or nothing at all."""
    if node.value is None or isinstance(node.value, cst.Name | cst.SimpleString):
        return
    if isinstance(node.value, cst.Comparison | cst.BooleanOperation | cst.UnaryOperation):
        return
    yield node.with_changes(
        value=cst.Name("None"), whitespace_after_return=cst.SimpleWhitespace(" ")
    )


def _argument(node: cst.Call) -> Iterator[cst.CSTNode]:
    """Forget a named argument, or give nothing instead of one without a name."""
    for at, argument in enumerate(node.args):
        if argument.keyword is not None:
            yield node.with_changes(args=[*node.args[:at], *node.args[at + 1 :]])
        elif not argument.star and not isinstance(argument.value, cst.GeneratorExp):
            nothing = argument.with_changes(value=cst.Name("None"))
            yield node.with_changes(args=[*node.args[:at], nothing, *node.args[at + 1 :]])


def _assigned(node: cst.Assign | cst.AnnAssign) -> Iterator[cst.CSTNode]:
    """Assign nothing; texts, numbers, truths and tables have mistakes of their own."""
    is_truth = isinstance(node.value, cst.Name) and node.value.value in ("True", "False")
    others = cst.BaseString | cst.BaseNumber | cst.Dict | cst.Tuple
    if not is_truth and not isinstance(node.value, others):
        yield from operator_assignment(node)


REPLACED = {operator_string, operator_arg_removal, operator_assignment}
OPERATORS: list[tuple[type | tuple[type, ...], Callable[..., Iterator[cst.CSTNode]]]] = [
    *(pair for pair in mutation_operators if pair[1] not in REPLACED),  # type: ignore[misc]
    (cst.SimpleString, _one_text),
    (cst.Call, _argument),
    ((cst.Assign, cst.AnnAssign), _assigned),
    (cst.FormattedStringText, _part_of_formatted),
    ((cst.Set, cst.Tuple, cst.List, cst.Dict), _fewer),
    ((cst.If, cst.CompIf), _other_way_round),
    (cst.Return, _nothing),
]


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _difference(text: str, mutated: str) -> tuple[str, str]:
    before, after = text.splitlines(), mutated.splitlines()
    was, now = [], []
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for kind, from_, to, new_from, new_to in matcher.get_opcodes():
        if kind != "equal":
            was += before[from_:to]
            now += after[new_from:new_to]
    return tuple(textwrap.dedent("\n".join(lines)).strip() for lines in (was, now))  # type: ignore[return-value]

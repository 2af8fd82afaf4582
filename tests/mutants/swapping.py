"""Put a mistake into a process that has imported everything: exchange the code of a function.

Importing again takes a second; this takes none. It is possible where nothing but the bodies of
functions differs, and right where these did not run yet while modules were imported.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any


def changed_functions(text: str, mutated: str) -> list[str] | None:
    """Return the qualified names of the functions that differ; None when more differs."""
    before = compile(text, "module", "exec", dont_inherit=True)
    after = compile(mutated, "module", "exec", dont_inherit=True)
    found: list[str] = []
    return found if _compare(before, after, found) else None


def _compare(before: CodeType, after: CodeType, found: list[str]) -> bool:
    if not _is_alike(before, after):
        return False
    inner = zip(_codes(before), _codes(after), strict=True)
    for old, new in inner:
        is_function = bool(old.co_flags & 0x2) and not old.co_name.startswith("<")  # CO_NEWLOCALS
        if is_function:
            if not _is_same(old, new):
                found.append(old.co_qualname)
        elif not (_compare(old, new, found) if _is_body(old) else _is_same(old, new)):
            return False
    return True


def _is_body(code: CodeType) -> bool:
    return not code.co_name.startswith("<") and not code.co_flags & 0x2


def _is_alike(before: CodeType, after: CodeType) -> bool:
    """Whether two codes differ at most in the codes within."""
    return (
        before.co_code == after.co_code
        and before.co_names == after.co_names
        and before.co_varnames == after.co_varnames
        and before.co_name == after.co_name
        and _plain(before) == _plain(after)
        and len(list(_codes(before))) == len(list(_codes(after)))
    )


def _is_same(before: CodeType, after: CodeType) -> bool:
    return _is_alike(before, after) and all(map(_is_same, _codes(before), _codes(after)))


def _plain(code: CodeType) -> list[str]:
    # By repr: 1, 1.0 and True are equal otherwise.
    return [repr(one) for one in code.co_consts if not isinstance(one, CodeType)]


def _codes(code: CodeType) -> Iterator[CodeType]:
    return (one for one in code.co_consts if isinstance(one, CodeType))


def swap(module: ModuleType, mutated: str, names: list[str]) -> bool:
    """Give these functions the code they have in ``mutated``; False where one is not found."""
    path = getattr(module, "__file__", None) or module.__name__
    compiled = compile(mutated, path, "exec", dont_inherit=True)
    new = {code.co_qualname: code for code in _all(compiled)}
    for name in names:
        function = _function(module, name)
        if function is None or name not in new:
            return False
        function.__code__ = new[name]
    return True


def memories(package: str) -> list[Any]:
    """Return the functions of a package that remember earlier calls, to make them forget."""
    # By type: to ask a lazy object of Django for its class would set it up.
    kind = functools._lru_cache_wrapper
    found = (one for one in gc.get_objects() if type(one) is kind)
    return [one for one in found if str(one.__module__).partition(".")[0] == package]


def _all(code: CodeType) -> Iterator[CodeType]:
    for one in _codes(code):
        yield one
        yield from _all(one)


def _function(module: ModuleType, name: str) -> FunctionType | None:
    found: Any = module
    for part in name.split("."):
        found = vars(found).get(part) if hasattr(found, "__dict__") else None
    while found is not None and not _is_written_as(found, name):
        # A decorator's own function may stand before it.
        found = next(
            (
                inner
                for way in ("fget", "__func__", "__wrapped__", "func")
                if (inner := getattr(found, way, None)) is not None
            ),
            None,
        )
    return found


def _is_written_as(found: Any, name: str) -> bool:
    return isinstance(found, FunctionType) and found.__code__.co_qualname == name


class Mutated:
    """Has a module imported with other text than its file has."""

    def __init__(self, name: str, path: str, text: str) -> None:
        self._name, self._path, self._text = name, path, text

    def find_spec(self, name: str, *_: Any) -> Any:
        if name != self._name:
            return None
        from importlib.util import spec_from_loader

        return spec_from_loader(name, self, origin=self._path)

    def create_module(self, _: Any) -> None:
        """Leave it to Python."""

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self._path
        exec(compile(self._text, self._path, "exec", dont_inherit=True), vars(module))  # noqa: S102


def import_anew(name: str, path: str, text: str) -> None:
    """Forget the package and its tests; the module comes back with this text when it is needed."""
    for known in list(sys.modules):
        if known.partition(".")[0] in (name.partition(".")[0], "tests"):
            del sys.modules[known]
    sys.meta_path.insert(0, Mutated(name, path, text))

"""A worker that is told to stop stops: its time limit is taken for no other failure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PLUGIN = Path(__file__).resolve().parents[2] / "saleor_xcover_plugin"
LIMIT = "SoftTimeLimitExceeded"

ELSEWHERE = {
    "graphql/schema.py": "answers in web processes only, which have no such limit",
    "graphql/staff_access.py": "answers in web processes only, which have no such limit",
    "graphql/view.py": "answers in web processes only, which have no such limit",
    "xcover/deadline.py": "in the thread of a call, where no signal arrives",
}


def broad_handlers(tree: ast.Module) -> Iterator[tuple[ast.Try, ast.ExceptHandler]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Try):
            for handler in node.handlers:
                caught = handler.type
                names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
                if any(name is None or ast.unparse(name) == "Exception" for name in names):
                    yield node, handler


def lets_the_limit_out(attempt: ast.Try, handler: ast.ExceptHandler) -> bool:
    before = attempt.handlers[: attempt.handlers.index(handler)]
    return raises_again(handler) or any(
        one.type is not None and LIMIT in ast.unparse(one.type) and raises_again(one)
        for one in before
    )


def raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_no_broad_handler_keeps_the_time_limit_of_a_worker() -> None:
    seen, keeps = set(), []
    for path in sorted(PLUGIN.rglob("*.py")):
        name = path.relative_to(PLUGIN).as_posix()
        if name.startswith("simulator/"):
            continue
        for attempt, handler in broad_handlers(ast.parse(path.read_text())):
            seen.add(name)
            if name not in ELSEWHERE and not lets_the_limit_out(attempt, handler):
                keeps.append(f"{name}:{handler.lineno}")

    assert keeps == []
    assert len(seen - set(ELSEWHERE)) >= 12
    assert set(ELSEWHERE) - {"graphql/view.py"} <= seen

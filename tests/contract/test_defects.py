"""What every part of the plugin keeps to, so that no report of a defect shows a value."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PLUGIN = Path(__file__).resolve().parents[2] / "saleor_xcover_plugin"
COMMANDS = sorted((PLUGIN / "management" / "commands").glob("xcover_*.py"))


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PLUGIN.rglob("*.py")):
        yield path.relative_to(PLUGIN).as_posix(), ast.parse(path.read_text())


def logs_an_exception(node: ast.AST) -> bool:
    """Return True for a call that hands an exception to a logger."""
    if not isinstance(node, ast.Call):
        return False
    hands_on = any(one.arg == "exc_info" for one in node.keywords)
    return hands_on or ast.unparse(node.func) == "log.exception"


def test_only_the_log_of_defects_logs_exceptions() -> None:
    logging = {name for name, tree in modules() if any(map(logs_an_exception, ast.walk(tree)))}

    assert logging == {"defect_log.py"}


def test_every_command_waits_for_no_lock_and_reports_no_values() -> None:
    # The acceptance cases bring the command that is played, and the plugin one that refuses.
    commands = [
        *COMMANDS,
        PLUGIN.parent / "packages/xcover-acceptance/xcover_acceptance/command.py",
    ]
    bases = {
        path.stem: ast.unparse(one.bases[0])
        for path in commands
        for one in ast.walk(ast.parse(path.read_text()))
        if isinstance(one, ast.ClassDef) and one.name == "Command"
    }

    assert len(bases) == len(commands) >= 16
    assert set(bases.values()) == {"PluginCommand"}


def test_every_task_waits_for_no_lock_and_reports_no_values() -> None:
    tree = ast.parse((PLUGIN / "tasks.py").read_text())
    decorators = {
        one.name: [ast.unparse(decorator) for decorator in one.decorator_list]
        for one in tree.body
        if isinstance(one, ast.FunctionDef)
    }
    tasks = {name: found for name, found in decorators.items() if "shared_task" in str(found)}

    assert len(tasks) >= 7
    assert {tuple(found[1:]) for found in tasks.values()} == {("no_values_leave()", "_working()")}

"""How much of the plugin the tests ran, as a table by package."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import coverage
from rich.console import Console
from rich.table import Table

PLUGIN = "saleor_xcover_plugin"


@dataclass(slots=True)
class Share:
    """Statements of a package, and how many of them were run."""

    statements: int = 0
    run: int = 0

    @property
    def percent(self) -> float:
        """Return the share that was run, 0 to 100; a package without statements is whole."""
        return 100 * self.run / self.statements if self.statements else 100.0


def coverage_report(files: Sequence[Path]) -> str:
    """Return the table for what these data files measured together; a sentence without any."""
    there = [str(path) for path in files if path.exists()]
    if not there:
        return "Coverage was not measured.\n"
    measured = coverage.Coverage(data_file=None, config_file="pyproject.toml")
    measured.combine(there, keep=True)
    shares = _by_package(measured)
    table = Table("package", "statements", "run", title="Coverage of the plugin")
    for column in table.columns[1:]:
        column.justify = "right"
    whole = shares.pop("all")
    for name, share in [*sorted(shares.items()), ("all", whole)]:
        table.add_row(name, f"{share.statements:,}", f"{share.percent:.1f} %")
    out = io.StringIO()
    Console(file=out, width=100).print(table)
    return out.getvalue()


def _by_package(measured: coverage.Coverage) -> dict[str, Share]:
    shares = {"all": Share()}
    for path in sorted(measured.get_data().measured_files()):
        _, _, below = path.rpartition(f"{PLUGIN}/")
        _, statements, _, missing, _ = measured.analysis2(path)
        package = below.partition("/")[0] if "/" in below else "(root)"
        for name in (package, "all"):
            share = shares.setdefault(name, Share())
            share.statements += len(statements)
            share.run += len(statements) - len(missing)
    return shares

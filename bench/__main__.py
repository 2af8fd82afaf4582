"""Run the benchmarks (``make bench``) or only compare kept numbers with the budgets
(``make bench-check``).

Exit code 1 when a budget is missed or has not been measured.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from testkit.process import ROOT
from testkit.saleor.installing import TEST_DEPENDENCIES, install_beside, install_test_packages
from testkit.saleor.version import version_of

from . import budgets, measures, results

VENDOR = ROOT / ".cache" / "bench-deps"
"""Folder of the vendor's client, which is not installed into Saleor's environment."""
QUICK = ROOT / ".cache" / "bench" / "quick.json"
"""File of the numbers of ``--quick``."""
console = Console(stderr=True)


def main() -> int:
    """Run the command line and return the exit status."""
    options = _options()
    path = QUICK if options.quick else results.PATH
    if not options.check:
        for name in options.names or results.NAMES:
            _measure(name, options, path)
    return _judge(path, as_json=options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(results.NAMES))
    parser.add_argument("--saleor", type=Path, default=Path("../saleor"), help="a Saleor checkout")
    parser.add_argument(
        "--quick", action="store_true", help="a few rounds, kept out of the results"
    )
    parser.add_argument("--check", action="store_true", help="measure nothing, judge what is known")
    parser.add_argument("--json", action="store_true", help="print the verdicts for machines")
    options = parser.parse_args()
    if strange := set(options.names) - set(results.NAMES):
        parser.error(
            f"no benchmark {', '.join(sorted(strange))}; known: {', '.join(results.NAMES)}"
        )
    return options


def _measure(name: str, options: argparse.Namespace, path: Path) -> None:
    saleor = options.saleor.resolve()
    python, environment = sys.executable, dict(os.environ)
    if name in results.IN_SALEOR:
        python, environment = _in_saleor(saleor)
    machine, started = measures.machine(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder, console.status(f"measuring {name} ..."):
        out = Path(folder) / "numbers.json"
        command = [python, "-m", f"bench.{results.MODULES.get(name, name)}", "--out", str(out)]
        command += ["--quick"] if options.quick else []
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        numbers = json.loads(out.read_text())
    took = round(time.monotonic() - started)
    result = {
        "on": datetime.now(UTC).date().isoformat(),
        "versions": _versions(saleor if name in results.IN_SALEOR else None),
        "machine": machine,
        "took": took,
        "numbers": numbers,
    }
    results.keep(path, name, result)
    console.print(f"{name}: {took} s, kept in {path.relative_to(ROOT)}")


def _in_saleor(saleor: Path) -> tuple[str, dict[str, str]]:
    python = saleor / ".venv" / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"No Saleor at {saleor}: expected its checkout with its own .venv.")
    install_test_packages(python)
    install_beside(python, VENDOR, ["xcover-python==0.1.2"])
    folders = os.pathsep.join(map(str, (saleor, TEST_DEPENDENCIES, VENDOR)))
    return str(python), {**os.environ, "PYTHONPATH": folders}


def _versions(saleor: Path | None) -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found = {"plugin": version_of(project)}
    if saleor is not None:
        found["saleor"] = version_of(tomllib.loads((saleor / "pyproject.toml").read_text()))
    return found


def _judge(path: Path, *, as_json: bool) -> int:
    known = results.read(path)
    verdicts, missing = budgets.judge(known), budgets.unmeasured(known)
    if as_json:
        rows: list[dict[str, Any]] = [asdict(verdict) for verdict in verdicts]
        print(json.dumps({"verdicts": rows, "not_measured": missing}, indent=1))
    else:
        table = Table("budget", "limit", "measured", "", title=f"Budgets, {path.name}")
        for each in verdicts:
            table.add_row(
                each.budget, each.limit, each.measured, "met" if each.is_met else "MISSED"
            )
        Console().print(table)
        for name in missing:
            console.print(f"{name}: NOT measured")
    return 0 if all(each.is_met for each in verdicts) and not missing else 1


if __name__ == "__main__":
    sys.exit(main())

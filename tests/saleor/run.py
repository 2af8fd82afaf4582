"""Play the flows inside a real Saleor: ``python -m tests.saleor.run ../saleor [pytest arguments]``.

Uses Saleor's own virtual environment. Installs the built wheel there and nothing else; what only
the tests need goes into a folder of ours.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from . import runs

ROOT = Path(__file__).resolve().parents[2]
TEST_DEPENDENCIES = ROOT / ".cache" / "saleor-test-deps"
# What these need in turn is listed too, or among Saleor's own requirements (faker).
TEST_PACKAGES = ("factory-boy>=3.3,<4", "hypothesis>=6.100,<7", "sortedcontainers>=2.4,<3")


def main(arguments: list[str]) -> int:
    if not arguments:
        sys.stderr.write(f"usage: {__doc__}")
        return 2
    saleor, pytest_arguments = Path(arguments[0]).resolve(), arguments[1:]
    python = saleor / ".venv" / "bin" / "python"
    if not python.exists():
        sys.stderr.write(
            f"No Saleor at {saleor}: expected its checkout with its own .venv. Set SALEOR_ROOT.\n"
        )
        return 2
    install(saleor, python)
    return _pytest(python, saleor, pytest_arguments)


def install(saleor: Path, python: Path) -> None:
    """Install the built wheel, and nothing else, into Saleor's environment."""
    wheel = _wheel()
    _require_only_the_plugin(wheel)
    _say(f"Saleor at {saleor}, plugin {wheel.name}")
    _require_nothing_else(python, wheel)
    _pip(python, "install", "--force-reinstall", "--no-deps", str(wheel))
    install_test_packages(python)


def install_test_packages(python: Path) -> None:
    """Put what the tests need beside Saleor's own packages, in a folder of ours."""
    install_beside(python, TEST_DEPENDENCIES, TEST_PACKAGES)


def install_beside(python: Path, folder: Path, packages: Sequence[str]) -> None:
    """Install exactly these into a folder, unless it holds just them; the environment stays."""
    installed, wanted = folder / "installed.txt", "\n".join(packages)
    if installed.exists() and installed.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    _pip(python, "install", "--no-deps", "--target", str(folder), *packages)
    installed.write_text(wanted)


def _wheel() -> Path:
    wheels = sorted((ROOT / "dist").glob("*.whl"))
    if len(wheels) != 1:
        raise SystemExit("Build the wheel first: make wheel")
    return wheels[0]


def _require_only_the_plugin(wheel: Path) -> None:
    """Demo and tests are never installed into a store."""
    with zipfile.ZipFile(wheel) as archive:
        folders = {name.partition("/")[0] for name in archive.namelist()}
    strange = {f for f in folders if not f.startswith("saleor_xcover_plugin")}
    if strange:
        raise SystemExit(f"The wheel would also install {', '.join(sorted(strange))}.")


def _require_nothing_else(python: Path, wheel: Path) -> None:
    """Ask pip what installing the wheel would change in Saleor's environment."""
    report = json.loads(
        _pip(python, "install", "--dry-run", "--quiet", "--report", "-", str(wheel), capture=True)
    )
    changed = sorted(item["metadata"]["name"] for item in report["install"])
    _say(f"installing it would add or change: {', '.join(changed) or 'nothing'}")
    if set(changed) - {"saleor-xcover-plugin"}:
        raise SystemExit("The wheel would change Saleor's environment.")


def _pip(python: Path, *arguments: str, capture: bool = False) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), *arguments],
        check=True,
        text=True,
        stdout=subprocess.PIPE if capture else subprocess.DEVNULL,
    )
    return done.stdout or ""


def _pytest(python: Path, saleor: Path, arguments: list[str]) -> int:
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join((str(saleor), str(TEST_DEPENDENCIES)))
    # The installed wheel is tested, not the folder beside it.
    environment["PYTHONSAFEPATH"] = "1"
    command = [str(python), "-m", "pytest", "-c", str(ROOT / "tests/saleor/pytest.ini")]
    command += ["--rootdir", str(ROOT)]
    is_whole = all(argument.startswith("-") for argument in arguments)
    chosen = ["tests/flows", "tests/saleor", *arguments] if is_whole else arguments
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        # Not from here: Celery puts the folder it is started in before all installed packages.
        done = subprocess.run(
            [*command, f"--junitxml={report}", *map(_anywhere, chosen)],
            cwd=folder,
            env=environment,
            check=False,
        )
        if is_whole and done.returncode == 0:
            _say(f"this run is recorded in {runs.record(report, saleor)}: commit it")
    return done.returncode


def _anywhere(argument: str) -> str:
    """Make a test's address hold in any folder; leave options as they are."""
    path, colons, test = argument.partition("::")
    return f"{ROOT / path}{colons}{test}" if (ROOT / path).exists() else argument


def _say(sentence: str) -> None:
    sys.stderr.write(f"tests/saleor: {sentence}\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

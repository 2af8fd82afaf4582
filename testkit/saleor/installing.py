"""Install packages beside a Saleor, in folders of ours: its own environment stays as it is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from testkit.process import ROOT

TEST_DEPENDENCIES = ROOT / ".cache" / "saleor-test-deps"
# What these need in turn is listed too, or among Saleor's own requirements (faker).
TEST_PACKAGES = ("factory-boy>=3.3,<4", "hypothesis>=6.100,<7", "sortedcontainers>=2.4,<3")


def install_test_packages(python: Path) -> None:
    """Put what the tests need beside Saleor's own packages, in a folder of ours."""
    install_beside(python, TEST_DEPENDENCIES, TEST_PACKAGES)


def install_beside(python: Path, folder: Path, packages: Sequence[str]) -> None:
    """Install exactly these into a folder, unless it holds just them; the environment stays."""
    installed, wanted = folder / "installed.txt", "\n".join(packages)
    if installed.exists() and installed.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    run_pip(python, "install", "--no-deps", "--target", str(folder), *packages)
    installed.write_text(wanted)


def run_pip(python: Path, *arguments: str, capture: bool = False) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), *arguments],
        check=True,
        text=True,
        stdout=subprocess.PIPE if capture else subprocess.DEVNULL,
    )
    return done.stdout or ""

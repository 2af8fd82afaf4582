"""Installation of test packages beside a Saleor, without changing its environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from testkit.process import ROOT

TEST_DEPENDENCIES = ROOT / ".cache" / "saleor-test-deps"
"""Folder of the packages that the tests need."""
# Their own dependencies are listed too, unless Saleor requires them itself (faker).
TEST_PACKAGES = (
    *("factory-boy>=3.3,<4", "hypothesis>=6.100,<7", "sortedcontainers>=2.4,<3"),
    # The plugin's extra "schema", for the flows of payloads.
    *("jsonschema>=4.23,<5", "jsonschema-specifications>=2024.10.1", "referencing>=0.35,<1"),
    *("rpds-py>=0.25", "attrs>=24"),
    # A mail server, to read what Saleor sends.
    *("aiosmtpd>=1.4.6,<2", "atpublic>=5"),
)


def install_test_packages(python: Path) -> None:
    """Install ``TEST_PACKAGES`` for the interpreter ``python`` into ``TEST_DEPENDENCIES``."""
    install_beside(python, TEST_DEPENDENCIES, TEST_PACKAGES)


def install_beside(python: Path, folder: Path, packages: Sequence[str]) -> None:
    """Install exactly ``packages`` into ``folder``, unless it already holds just them.

    Their dependencies are not installed. Raises ``subprocess.CalledProcessError`` if pip fails.
    """
    installed, wanted = folder / "installed.txt", "\n".join(packages)
    if installed.exists() and installed.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    run_pip(python, "install", "--no-deps", "--target", str(folder), *packages)
    installed.write_text(wanted)


def run_pip(python: Path, *arguments: str, capture: bool = False) -> str:
    """Run pip for the interpreter ``python``; return its output if ``capture`` is true.

    Raises ``subprocess.CalledProcessError`` if pip fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), *arguments],
        check=True,
        text=True,
        stdout=subprocess.PIPE if capture else subprocess.DEVNULL,
    )
    return done.stdout or ""

"""The Chromium that browser tests and measurements drive."""

from __future__ import annotations

import os
import shutil
import sys
from functools import cache
from subprocess import run

CHROMIUM = os.environ.get("XCOVER_CHROMIUM", "") or shutil.which("chromium")
"""Path of the browser, from XCOVER_CHROMIUM or PATH; None or empty if there is none."""
HOW = "install Debian's package chromium, or name one in XCOVER_CHROMIUM"
"""Advice for a machine without a browser."""


@cache
def why_not() -> str | None:
    """Return a sentence about what is missing to run browser tests, or None if nothing is."""
    if not CHROMIUM:
        return f"the browser tests were NOT run: no Chromium here ({HOW})"
    driver = run([sys.executable, "-m", "playwright", "--version"], capture_output=True, text=True)
    if driver.returncode:
        return (
            f"the browser tests were NOT run: Playwright does not start: {driver.stderr.strip()} "
            "(a fresh Debian lacks its package libatomic1)"
        )
    return None

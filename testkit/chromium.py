"""The browser that tests and measurements drive, and what is missing for it."""

from __future__ import annotations

import os
import shutil
import sys
from functools import cache
from subprocess import run

CHROMIUM = os.environ.get("XCOVER_CHROMIUM", "") or shutil.which("chromium")
HOW = "install Debian's package chromium, or name one in XCOVER_CHROMIUM"


@cache
def why_not() -> str | None:
    """Say what is missing for a browser; None when all is there."""
    if not CHROMIUM:
        return f"the browser tests were NOT run: no Chromium here ({HOW})"
    driver = run([sys.executable, "-m", "playwright", "--version"], capture_output=True, text=True)
    if driver.returncode:
        return (
            f"the browser tests were NOT run: Playwright does not start: {driver.stderr.strip()} "
            "(a fresh Debian lacks its package libatomic1)"
        )
    return None

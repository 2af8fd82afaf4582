"""The accessibility checker axe-core: fetched once, verified, never part of the project."""

import base64
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from functools import cache
from typing import Any

from playwright.sync_api import Page

from testkit.process import ROOT

VERSION = "4.14.1"
# Of the archive in the npm registry, as `npm view axe-core@VERSION dist.integrity` says.
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
CACHE = ROOT / ".cache"
ARCHIVE = CACHE / f"axe-core-{VERSION}.tgz"
SECONDS = 120
# WCAG 2.2 up to AA, and axe's own good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def missing() -> str | None:
    """Say why the checker cannot be had here; None when it can."""
    if ARCHIVE.exists() or shutil.which("npm"):
        return None
    return f"axe-core {VERSION} is not in .cache and there is no npm to fetch it"


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with the page, each as one line."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_script())
    options = json.dumps({"runOnly": RULES})
    found: list[Any] = page.evaluate(f"axe.run(document, {options}).then((r) => r.violations)")
    return [
        f"{each['id']}: {each['help']}: {node['html']} {node['failureSummary']}"
        for each in found
        for node in each["nodes"]
    ]


@cache
def _script() -> str:
    if not ARCHIVE.exists():
        CACHE.mkdir(exist_ok=True)
        subprocess.run(
            ["npm", "pack", "--silent", "--pack-destination", CACHE, f"axe-core@{VERSION}"],
            check=True,
            capture_output=True,
            timeout=SECONDS,
        )
    archive = ARCHIVE.read_bytes()
    if base64.b64encode(hashlib.sha512(archive).digest()).decode() != SHA512:
        ARCHIVE.unlink()
        raise ValueError(f"the archive of axe-core {VERSION} is not the one with the known hash")
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        member = opened.extractfile("package/axe.min.js")
        assert member
        return member.read().decode()

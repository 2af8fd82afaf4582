"""Results of plays, kept test by test, so that a run can be split and continued."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from .. import run

FOLDER = run.ROOT / ".cache" / "saleor-e2e"
# What the answers depend on; how they are judged is not in it.
_PLAYED = (
    "saleor_xcover_plugin/**/*",
    "demo/client/*.py",
    *(
        f"tests/saleor/e2e/{name}.py"
        for name in ("operations", "play", "plugin", "rows", "rule", "shop", "tags")
    ),
)

Result = dict[str, Any]


def content_key() -> str:
    """Return what changes whenever the plugin or the way it is tried changes."""
    digest = hashlib.sha256()
    for pattern in _PLAYED:
        for path in sorted(run.ROOT.glob(pattern)):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(str(path.relative_to(run.ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


class Kept:
    """What is known of one play mode in one Saleor; the newest result of each test counts."""

    def __init__(self, version: str, mode: str, content: str) -> None:
        self.folder = FOLDER / version / mode
        self.folder.mkdir(parents=True, exist_ok=True)
        # Without the plugin its content makes no difference.
        self.content = "" if mode == "baseline" else content

    def read(self, is_chosen: Callable[[str], bool], since: float = 0) -> dict[str, Result]:
        """Return results by test: of this content, and not older than a time in seconds."""
        results: dict[str, Result] = {}
        for file in self.folder.glob("*.jsonl"):
            for line in file.read_text().splitlines():
                result = json.loads(line)
                if result["content"] != self.content or result["at"] < since:
                    continue
                known = results.get(result["test"])
                if is_chosen(result["test"]) and (not known or known["at"] < result["at"]):
                    results[result["test"]] = result
        return results

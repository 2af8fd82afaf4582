"""Results of plays, kept test by test, so that a run can be split and continued."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .. import run

FOLDER = run.ROOT / ".cache" / "saleor-e2e"
# How Saleor's tests are listened to, and what else the answers depend on where the plugin is in;
# how they are judged is in neither.
_LISTENING = tuple(f"tests/saleor/e2e/{name}.py" for name in ("operations", "play", "plugin"))
_PLAYED = (
    *_LISTENING,
    *(f"tests/saleor/e2e/{name}.py" for name in ("rows", "rule", "shop", "tags")),
    "saleor_xcover_plugin/**/*",
    "testkit/client/*.py",
    "testkit/seed.py",
    "testkit/factories.py",
)

Result = dict[str, Any]


def played_files(mode: str) -> list[Path]:
    """Return the files the answers of a play depend on; those of the baseline not on the plugin."""
    patterns = _LISTENING if mode == "baseline" else _PLAYED
    found = {path for pattern in patterns for path in run.ROOT.glob(pattern)}
    return sorted(path for path in found if path.is_file() and path.suffix != ".pyc")


def content_key(mode: str) -> str:
    """Return what changes whenever the plugin or the way it is tried changes."""
    digest = hashlib.sha256()
    for path in played_files(mode):
        digest.update(str(path.relative_to(run.ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def wants_no_play(mode: str, known: Mapping[str, Result]) -> list[str]:
    """Return the tests a continued run leaves out.

    What failed without the plugin is tried again: that may be the machine's fault, and nothing is
    judged by it.
    """
    is_done = {test: mode != "baseline" or r["outcome"] != "failed" for test, r in known.items()}
    return sorted(test for test, is_over in is_done.items() if is_over)


class Kept:
    """What is known of one play mode in one Saleor; the newest result of each test counts."""

    def __init__(self, version: str, mode: str, content: str) -> None:
        self.folder = FOLDER / version / mode
        self.folder.mkdir(parents=True, exist_ok=True)
        self.content = content

    def read(self, is_chosen: Callable[[str], bool], since: float = 0) -> dict[str, Result]:
        """Return results by test: of this content, and not older than a time in seconds."""
        return {test: every[0] for test, every in self.read_every(is_chosen, since).items()}

    def read_every(
        self, is_chosen: Callable[[str], bool], since: float = 0
    ) -> dict[str, list[Result]]:
        """Return every result of each test, the newest first."""
        results: dict[str, list[Result]] = defaultdict(list)
        for file in self.folder.glob("*.jsonl"):
            for line in file.read_text().splitlines():
                result = _result(line)
                if not result or result["content"] != self.content or result["at"] < since:
                    continue
                if is_chosen(result["test"]):
                    results[result["test"]].append(result)
        for every in results.values():
            every.sort(key=lambda result: -float(result["at"]))
        return dict(results)


def _result(line: str) -> Result | None:
    """Read a result; None for a line that was torn when its process was killed."""
    try:
        result: Result = json.loads(line)
    except ValueError:
        return None
    return result

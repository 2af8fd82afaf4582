"""Which content of the project was played: results count for exactly that and nothing else."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORDS = frozenset({"fixtures/saleor/runs.json", "fixtures/saleor/e2e.json"})
"""Written after whole runs. They may not change what the runs of the next version are kept by."""
README = "README.md"
_TABLES = re.compile(r"(<!-- (support|own_tests): generated -->).*?(<!-- \2: end -->)", re.DOTALL)
"""The README's tables that are made of the records."""
_BUILT = {".git", ".venv", ".cache", "build", "dist", "__pycache__", ".hypothesis"}


@dataclass(frozen=True, slots=True)
class Content:
    """The state of the work tree."""

    key: str
    """A hash of every file that is or would be committed."""
    commit: str
    """The commit the tree was checked out from; empty without git."""
    is_committed: bool
    """Whether the tree is exactly that commit, but for the records of runs."""


def read(root: Path = ROOT) -> Content:
    """Read the content of the work tree as it is now."""
    digest = hashlib.sha256()
    for name in _files(root):
        path = root / name
        if name in RECORDS or not path.is_file():
            continue
        digest.update(
            f"{name}\0".encode() + hashlib.sha256(_text(name, path.read_bytes())).digest()
        )
    commit = _git(root, "rev-parse", "HEAD")
    return Content(
        key=digest.hexdigest()[:16],
        commit=(commit or "").strip(),
        is_committed=commit is not None and _is_committed(root),
    )


def _files(root: Path) -> list[str]:
    listed = _git(root, "ls-files", "-co", "--exclude-standard", "-z")
    if listed is not None:
        return sorted(set(filter(None, listed.split("\0"))))
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _BUILT]
        found += [str((Path(folder) / name).relative_to(root)) for name in names]
    return sorted(found)


def _text(name: str, content: bytes) -> bytes:
    if name != README:
        return content
    return _TABLES.sub(r"\1\3", content.decode(errors="replace")).encode()


def _is_committed(root: Path) -> bool:
    changed = [entry[3:] for entry in (_git(root, "status", "--porcelain", "-z") or "").split("\0")]
    if set(filter(None, changed)) - RECORDS - {README}:
        return False
    committed = (_git(root, "show", f"HEAD:{README}") or "").encode()
    readme = root / README
    now = readme.read_bytes() if readme.is_file() else b""
    return _text(README, committed) == _text(README, now)


def _git(root: Path, *arguments: str) -> str | None:
    """Ask git; None where there is none, as in an unpacked archive."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None

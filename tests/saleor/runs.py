"""Whole green runs in a real Saleor, kept as data: the README's support matrix is made of them."""

import datetime
import json
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

RUNS = Path(__file__).resolve().parents[2] / "fixtures" / "saleor" / "runs.json"


def record(report: Path, saleor: Path) -> Path:
    """Keep the newest whole run of this Saleor minor version; return where."""
    suite = next(ElementTree.parse(report).getroot().iter("testsuite"))  # noqa: S314 (our own file)
    version = version_of(tomllib.loads((saleor / "pyproject.toml").read_text()))
    known = read()
    known[minor_of(version)] = {
        "saleor": version,
        "on": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "tests": int(suite.attrib["tests"]),
        "skipped": int(suite.attrib["skipped"]),
        "seconds": round(float(suite.attrib["time"])),
    }
    RUNS.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")
    return RUNS


def read() -> dict[str, dict[str, str | int]]:
    """Return the recorded runs by minor version."""
    return json.loads(RUNS.read_text()) if RUNS.exists() else {}


def version_of(project: dict[str, Any]) -> str:
    """Read a Saleor's version in its ``pyproject.toml``; 3.21 is a Poetry project."""
    return str((project.get("project") or project["tool"]["poetry"])["version"])


def is_older(version: str, than: str) -> bool:
    """Whether a Saleor is older than a minor version; nothing is older than an empty text."""
    return bool(than) and _numbers(minor_of(version)) < _numbers(than)


def _numbers(minor: str) -> list[int]:
    return [int(number) for number in minor.split(".")]


def minor_of(version: str) -> str:
    """Return what recordings are kept by: ``3.23`` of ``3.23.28``."""
    return ".".join(version.split(".")[:2])

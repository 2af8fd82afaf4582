"""Write what a Saleor runs with as exact pins: ``<saleor>/.venv/bin/python -m tests.saleor.pins``.

Walks from the requirements of Saleor's own ``pyproject.toml`` through what is installed in the
environment this runs in, which Saleor's lock file made; development packages are not among them.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from saleor_xcover_plugin.supported import LOWEST
from testkit.saleor.version import minor_of, version_of

CONSTRAINTS = Path(__file__).resolve().parents[2] / "constraints"


def main() -> int:
    saleor = Path(sys.prefix).parent
    project = tomllib.loads((saleor / "pyproject.toml").read_text())
    version = version_of(project)
    pins = _installed(_requirements(project))
    path = CONSTRAINTS / f"saleor-{minor_of(version)}.txt"
    path.write_text(
        f"# Exact pins of Saleor {version}'s runtime environment (Python {sys.version_info[0]}."
        f"{sys.version_info[1]}).\n{_lowest(version)}"
        + "".join(f"{n}=={v}\n" for n, v in sorted(pins.items()))
    )
    sys.stderr.write(f"{len(pins)} pins in {path}\n")
    return 0


def _lowest(version: str) -> str:
    """Name the lowest patch of the same minor version the plugin runs in, where there is one."""
    minor = minor_of(version)
    return "".join(f"# The plugin runs from {p} on.\n" for p in LOWEST if minor_of(p) == minor)


def _requirements(project: dict[str, Any]) -> Iterator[Requirement]:
    if "project" in project:
        yield from map(Requirement, project["project"]["dependencies"])
        return
    for name, wanted in project["tool"]["poetry"]["dependencies"].items():
        if name == "python":
            continue
        table = wanted if isinstance(wanted, dict) else {}
        extras, marker = ",".join(table.get("extras", ())), table.get("markers")
        if "platform" in table:
            marker = f"sys_platform == '{table['platform']}'"
        yield Requirement(f"{name}[{extras}]" + (f" ; {marker}" if marker else ""))


def _installed(requirements: Iterable[Requirement]) -> dict[str, str]:
    """Return name and version of everything these need here, in turn."""
    pins: dict[str, str] = {}
    looked_at: set[tuple[str, str]] = set()
    waiting = [(requirement, "") for requirement in requirements]
    while waiting:
        requirement, asked_for = waiting.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": asked_for}):
            continue
        for extra in ("", *requirement.extras):
            if (name, extra) in looked_at:
                continue
            looked_at.add((name, extra))
            distribution = metadata.distribution(name)
            pins[name] = distribution.version
            waiting += [(Requirement(text), extra) for text in distribution.requires or []]
    return pins


if __name__ == "__main__":
    raise SystemExit(main())

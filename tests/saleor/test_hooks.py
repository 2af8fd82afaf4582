"""Which of the plugin's hooks this Saleor calls, and from how many places of its code.

``--record`` writes it down for ``docs/hooks.md``.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from saleor_xcover_plugin.domain.hooks import HOOKS
from testkit.saleor import bootstrap, version

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "saleor"


def test_the_places_that_call_our_hooks_are_those_the_docs_tell_of(
    request: pytest.FixtureRequest,
) -> None:
    from saleor_xcover_plugin.host import runtime

    path = FIXTURES / f"hooks-{version.minor_of(bootstrap.version())}.json"
    found = {"saleor": bootstrap.version(), "places": dict(runtime.calls_hook(HOOKS))}

    if request.config.getoption("--record"):
        path.write_text(json.dumps(found, indent=1) + "\n")

    assert json.loads(path.read_text()) == found, "run once with --record"
    assert min(found["places"].values()) > 0

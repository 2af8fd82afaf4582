"""Traces: per scenario what the host did, step by step, as data under fixtures/saleor.

A second host is kept honest by them: it must call the same hooks and show the same prices.
"""

import difflib
import json
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from testkit.client import staff_documents as docs
from testkit.client.driver import Driver, Executed, Json, as_mapping
from testkit.client.store import Store, Variant
from testkit.process import ROOT

from .hooks import HookWatch
from .placeholders import Placeholders

FIXTURES = ROOT / "fixtures" / "saleor"
_METADATA = ("metadata", "privateMetadata")


class Recorder:
    """Listens to one scenario. Enter it before the first step."""

    def __init__(self, scenario: str, driver: Driver, store: Store) -> None:
        self._scenario = scenario
        self._driver = driver
        self._store = store
        self._hooks = HookWatch()
        self._steps: list[Json] = []
        self._checkout_id = ""
        self._order_id = ""
        self._seen: Json = {}
        variants = ((n, v) for n, v in vars(store).items() if isinstance(v, Variant))
        self._placeholders = Placeholders((variant.sku, name) for name, variant in variants)

    @property
    def path(self) -> Path:
        """Return where the trace of this scenario is kept."""
        return FIXTURES / self._store.trace_version / f"{self._scenario}.json"

    def __enter__(self) -> "Recorder":
        self._hooks.__enter__()
        self._driver.listeners.append(self.heard)
        return self

    def __exit__(self, *_: object) -> None:
        self._driver.listeners.remove(self.heard)
        self._hooks.__exit__()

    def heard(self, executed: Executed) -> None:
        """Take one operation of the driver as a step, unless it only looked."""
        if not (executed.is_mutation or executed.is_for_plugin):
            return
        ((_, root),) = executed.data.items()
        self._follow(root or {})
        self._step(executed.operation, errors=[error["code"] for error in root.get("errors", [])])

    def heard_work(self) -> None:
        """Take a run of the plugin's own work as a step."""
        self._step("xcover_work", errors=[])

    def write(self) -> None:
        """Store the trace."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self._text())

    def compare(self) -> None:
        """Fail when the host did anything else than what is stored."""
        if not self.path.exists():
            pytest.fail(f"no trace is stored in {self.path}: run once with --record", pytrace=False)
        stored, played = self.path.read_text(), self._text()
        difference = "\n".join(
            difflib.unified_diff(
                stored.splitlines(), played.splitlines(), "stored", "played", lineterm="", n=6
            )
        )
        if difference:
            sentence = f"the host does not do what {self.path.name} says:\n{difference}"
            pytest.fail(sentence, pytrace=False)

    def _follow(self, root: Json) -> None:
        self._checkout_id = (root.get("checkout") or {}).get("id", self._checkout_id)
        self._order_id = (root.get("order") or {}).get("id", self._order_id)

    def _step(self, operation: str, *, errors: list[str]) -> None:
        step: Json = {"operation": operation}
        if errors:
            step["errors"] = errors
        step["hooks"] = self._hooks.taken()
        step |= self._changes(
            {
                "checkout": self._look(docs.SNAPSHOT_CHECKOUT, self._checkout_id, "checkout"),
                "order": self._look(docs.SNAPSHOT_ORDER, self._order_id, "order"),
            }
        )
        assert not self._hooks.taken(), "looking at the host made it call hooks"
        self._steps.append(step)

    def _changes(self, seen: Json) -> Json:
        """Leave out what is as it was after the step before."""
        changed = {name: now for name, now in seen.items() if now != self._seen.get(name)}
        self._seen = seen
        return {name: now if now is not None else "gone" for name, now in changed.items()}

    def _look(self, document: str, id_: str, name: str) -> Json | None:
        if not id_:
            return None
        token = self._store.staff_token()
        found = self._driver.execute(document, {"id": id_}, token=token, is_heard=False)[name]
        return _plain(found) if found else None

    def _text(self) -> str:
        trace = {
            "scenario": self._scenario,
            "saleor": self._store.trace_version,
            "steps": self._placeholders.applied(self._steps),
        }
        return json.dumps(trace, indent=1, sort_keys=False) + "\n"


def _plain(value: Any) -> Any:
    """Flatten money to its amount, variants to their SKU and metadata to a mapping."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"amount"}:
        return Decimal(str(value["amount"]))
    if len(value) == 1 and set(value) <= {"gross", "sku"}:
        return _plain(*value.values())
    return {
        name: _metadata(item) if name in _METADATA else _plain(item) for name, item in value.items()
    }


def _metadata(pairs: Any) -> Json:
    """Return the values by key, without the facts for papers: no host has a part in those."""
    found = as_mapping(sorted(pairs, key=itemgetter("key")))
    return {key: value for key, value in found.items() if not key.startswith("xcover_")}

"""What is mutated, and which tests have to notice."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .making import Mutant

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Suite:
    """Tests that one process of pytest plays."""

    name: str
    paths: tuple[str, ...]
    options: tuple[str, ...]
    has_django: bool = False
    """They need a database, and Django registers a model only once: nothing is imported again."""
    apart: tuple[str, ...] = ()
    """More options of a process of its own that is played for a mistake at the top of a module."""

    def files(self) -> list[str]:
        """Return the files of tests."""
        return _files(self.paths, "test_*.py")


@dataclass(frozen=True, slots=True)
class Group:
    """Modules that the same tests answer for."""

    name: str
    paths: tuple[str, ...]
    """Files or folders to mutate; what is not there (yet) is left out."""
    tests: tuple[Suite, ...]
    """What survives the first is played by the next."""
    sample: int | None = None
    """How many mutants are drawn; None plays all."""

    def modules(self) -> list[str]:
        """Return the files to mutate."""
        return _files(self.paths, "*.py")


RULES = Suite(
    name="rules",
    paths=(
        "tests/unit/domain",
        "tests/unit/xcover/test_rules.py",
        # Their tables are made of the rules: a changed row or sentence is another page.
        "tests/contract/test_alarms_page.py",
        "tests/contract/test_cancellations_page.py",
        "tests/contract/test_hooks_page.py",
        "tests/contract/test_report_section.py",
    ),
    options=("-c", "tests/mutants/pytest.ini", "--rootdir=.", "--confcutdir=."),
)
_PLAIN = ("-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist")
OUTBOX = Suite(
    name="outbox",
    paths=(
        "tests/unit/xcover",
        "tests/integration/client",
        "tests/integration/gate",
        "tests/integration/outbox",
        "tests/integration/wake",
    ),
    options=_PLAIN,
    has_django=True,
    apart=("--reuse-db",),
)
FLOWS = Suite(
    name="flows",
    paths=(
        "tests/flows/test_deliver.py",
        "tests/flows/test_outages.py",
        "tests/flows/test_put_aside.py",
        "tests/flows/test_sent_or_not.py",
        "tests/flows/test_not_wanted.py",
    ),
    options=("-c", "tests/flows/pytest.ini", "--rootdir=.", *_PLAIN),
    has_django=True,
)
GROUPS = (
    Group(
        name="domain",
        paths=(
            # Where a mistake is dearest comes first: a run may be stopped.
            "saleor_xcover_plugin/domain/money.py",
            "saleor_xcover_plugin/domain/refund_attribution.py",
            "saleor_xcover_plugin/domain/cancellations.py",
            "saleor_xcover_plugin/domain/states.py",
            "saleor_xcover_plugin/domain/product_rules.py",
            "saleor_xcover_plugin/domain/eligibility.py",
            "saleor_xcover_plugin/domain/premium.py",
            "saleor_xcover_plugin/domain/tickets.py",
            "saleor_xcover_plugin/domain",
        ),
        tests=(RULES,),
    ),
    Group(
        name="delivery",
        paths=(
            "saleor_xcover_plugin/outbox/message_queue.py",
            "saleor_xcover_plugin/outbox/dispatcher.py",
            "saleor_xcover_plugin/outbox/drains.py",
            "saleor_xcover_plugin/outbox/handlers.py",
            "saleor_xcover_plugin/outbox/rate_limit.py",
            "saleor_xcover_plugin/xcover/parsing.py",
            "saleor_xcover_plugin/xcover/bookings.py",
            "saleor_xcover_plugin/xcover/client.py",
            "saleor_xcover_plugin/xcover/errors.py",
            "saleor_xcover_plugin/xcover/responses.py",
            "saleor_xcover_plugin/xcover/transport.py",
        ),
        tests=(OUTBOX, FLOWS),
        sample=300,
    ),
)


def drawn(mutants: Iterable[Mutant], seed: int, count: int | None) -> list[Mutant]:
    """Return ``count`` of the mutants, by chance; most stay drawn when a few come or go."""
    found = list(mutants)
    if count is None or len(found) <= count:
        return found
    chosen = sorted(found, key=lambda one: _lot(one, seed))[:count]
    return [one for one in found if one in chosen]


def own_tests(module: str, tests: Sequence[str]) -> list[str]:
    """Return the test files named after a module."""
    return [one for one in tests if Path(one).stem == f"test_{Path(module).stem}"]


def imports(text: str, module: str) -> bool:
    """Whether a test imports a module, or names from it, alone or among others of its package."""
    stem = Path(module).stem
    among = rf"import (?:[\w, ]*|\([\w,\s]*)\b{stem}\b"
    return re.search(rf"\.{stem} import|{among}", text) is not None


def _lot(mutant: Mutant, seed: int) -> str:
    return hashlib.sha256(f"{seed} {mutant.key}".encode()).hexdigest()


def _files(names: Iterable[str], pattern: str) -> list[str]:
    found = []
    for name in names:
        path = ROOT / name
        paths = sorted(path.rglob(pattern)) if path.is_dir() else [path]
        found += [one.relative_to(ROOT).as_posix() for one in paths if one.is_file()]
    return list(dict.fromkeys(found))

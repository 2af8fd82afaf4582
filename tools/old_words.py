"""Refuse names of the old vocabulary: ``python -m tools.old_words``.

The new one is in docs/glossary.md.
Only names are checked, and file names; prose may still say that somebody holds a lock.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

OLD = {
    "align": "sync",
    "courier": "sender",
    "deadly": "poison",
    "deaths": "crash_count",
    "dressing": "response_faults",
    "gate": "rate_limit or account",
    "gated": "rate_limited",
    "heldback": "CallDeferred",
    "outlook": "status",
    "patience": "max_wait",
    "patient": "blocking",
    "services": "the package of the business process",
    "trouble": "incident",
    "troubles": "incidents",
    "wake": "send_task",
}
"""Parts of names that are not used any more, and what is said instead."""

WHOLE = {
    "AnswerModel": "ResponseModel",
    "CheckoutState": "CheckoutSnapshot",
    "OrderState": "OrderSnapshot",
    "XCoverBadAnswer": "XCoverBadResponse",
    "answer_order": "answer_sequence",
    "become": "transition_to",
    "follow_quote": "offer_pricing",
    "guard_checkout": "checkout_sync",
    "place_cover": "selection",
    "read_answer": "parse_response",
    "receive_event": "webhook_inbox",
    "run_within": "run_with_deadline",
    "settle_due": "settle_refund_due",
}
"""Names that are not used any more."""

FOLDERS = ("saleor_xcover_plugin", "packages", "testkit", "demo", "bench", "tests", "tools")
_PARTS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def main() -> int:
    """Print each old word with its place; return 1 if there is any."""
    found = 0
    for path in sorted(path for folder in FOLDERS for path in Path(folder).rglob("*.py")):
        for line, name in _names(path):
            for old, new in _old_words_of(name):
                found += 1
                sys.stderr.write(f"{path}:{line}: {name}: say {new}, not {old}\n")
    return 1 if found else 0


def _names(path: Path) -> Iterator[tuple[int, str]]:
    yield 1, path.stem
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.Name():
                yield node.lineno, node.id
            case ast.Attribute():
                yield node.lineno, node.attr
            case ast.arg():
                yield node.lineno, node.arg


def _old_words_of(name: str) -> Iterator[tuple[str, str]]:
    if name in WHOLE:
        yield name, WHOLE[name]
    for part in _PARTS.findall(name):
        if part.lower() in OLD:
            yield part, OLD[part.lower()]


if __name__ == "__main__":
    raise SystemExit(main())

"""Load Saleor once, then fork for each order of the runner (tests/sittings/workers.py).

Started by its path with Saleor's interpreter: ``python tests/saleor/warm.py``. Loading takes ten
seconds of processor time, and a whole suite has some sixty files.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    # At the end: where the plugin is installed as a wheel, that one is tested.
    sys.path.append(str(ROOT))
    _load()
    for line in sys.stdin.buffer:
        _play(json.loads(line))
    return 0


def _load() -> None:
    from testkit.saleor import bootstrap

    bootstrap.configure()
    from django.db import connections
    from django.urls import get_resolver

    # Imports the schema, which is most of what takes long.
    assert get_resolver().url_patterns
    # Neither a connection nor a thread can be shared with a fork.
    connections.close_all()
    others = [thread.name for thread in threading.enumerate()[1:]]
    if others:
        raise RuntimeError(f"Saleor starts threads as it is loaded: {', '.join(others)}")
    gc.freeze()


def _play(order: dict[str, Any]) -> None:
    child = os.fork()
    if child == 0:
        _be_pytest(order)
    _, status = os.waitpid(child, 0)
    exit_file = Path(order["exit"])
    half = exit_file.with_suffix(".half")
    half.write_text(str(os.waitstatus_to_exitcode(status)))
    half.replace(exit_file)


def _be_pytest(order: dict[str, Any]) -> None:
    """Become a test session of its own and never return."""
    code = 1
    try:
        with open(order["log"], "ab", buffering=0) as log, open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        os.environ.update(order["environment"])
        import pytest

        code = int(pytest.main(order["arguments"]))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Without what the parent registered for its own end.
        os._exit(code)


if __name__ == "__main__":
    raise SystemExit(main())

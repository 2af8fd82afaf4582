"""The command line that all benchmarks share."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def options(described: str | None) -> argparse.Namespace:
    """Parse ``--out FILE`` and ``--quick``; ``described`` is the help text."""
    parser = argparse.ArgumentParser(description=described)
    parser.add_argument("--out", type=Path, help="write the numbers here; else to standard output")
    parser.add_argument(
        "--quick", action="store_true", help="a few rounds: whether it works at all"
    )
    return parser.parse_args()


def write(options: argparse.Namespace, numbers: dict[str, Any]) -> int:
    """Write the numbers as JSON to ``--out`` or standard output; return the exit status 0."""
    text = json.dumps(numbers, indent=1) + "\n"
    if options.out:
        options.out.write_text(text)
    else:
        sys.stdout.write(text)
    return 0

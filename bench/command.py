"""What every benchmark's command line has."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def options(described: str | None) -> argparse.Namespace:
    """Read ``--out FILE`` and ``--quick``."""
    parser = argparse.ArgumentParser(description=described)
    parser.add_argument("--out", type=Path, help="write the numbers here; else to standard output")
    parser.add_argument(
        "--quick", action="store_true", help="a few rounds: whether it works at all"
    )
    return parser.parse_args()


def write(options: argparse.Namespace, numbers: dict[str, Any]) -> int:
    """Write the numbers as JSON."""
    text = json.dumps(numbers, indent=1) + "\n"
    if options.out:
        options.out.write_text(text)
    else:
        sys.stdout.write(text)
    return 0

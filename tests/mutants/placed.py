"""A plugin of pytest (``-p tests.mutants.placed``): a process of its own with a mistake in it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from .swapping import Mutated

VARIABLE = "XCOVER_MUTANT"
"""Names a file of JSON with ``module``, its ``path`` and its ``text``."""

if told := os.environ.get(VARIABLE):
    known = json.loads(Path(told).read_text())
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, Mutated(known["module"], known["path"], known["text"]))

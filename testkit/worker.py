"""A Celery worker with beat for the miniature: ``python -m testkit.worker``.

Prints a line with its name once it accepts tasks.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import miniature

READY = "worker ready as "
"""Start of the line that is printed when the worker is ready; its name follows."""


def main() -> None:
    """Run the worker on the database of XCOVER_DEMO_DATABASE_URL until a signal ends it."""
    miniature.configure(os.environ["XCOVER_DEMO_DATABASE_URL"])
    from celery.signals import worker_ready

    worker_ready.connect(_say, weak=False)
    from saleor.celeryconf import app

    with tempfile.TemporaryDirectory() as folder:
        app.worker_main(
            [
                "worker",
                "--beat",
                f"--schedule={Path(folder) / 'beat'}",
                "--concurrency=2",
                "--loglevel=ERROR",
                # The queue is a folder with one worker.
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
            ]
        )


def _say(sender: Any, **_: Any) -> None:
    sys.__stdout__.write(f"{READY}{sender.hostname}\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


if __name__ == "__main__":
    main()

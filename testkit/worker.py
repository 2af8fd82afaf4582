"""A real Celery worker with beat: ``python -m testkit.worker``; prints its name when it works."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import miniature

READY = "worker ready as "


def main() -> None:
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
                # The queue is a folder: there is nobody to gossip with.
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

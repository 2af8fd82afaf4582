"""Write a report to a file, which is replaced as a whole or not at all, or to standard output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import CommandError

STDOUT = "-"
"""File name that stands for standard output."""


@contextmanager
def writing(name: str, stdout: Any) -> Iterator[TextIO]:
    """Open the file ``name`` for writing text, or yield ``stdout`` if the name is ``-``.

    An existing file stays as it was until everything is written. Raise ``CommandError`` if the file
    cannot be written.
    """
    if name == STDOUT:
        yield stdout
        return
    path = Path(name)
    try:
        # A path that is not a regular file (a pipe, /dev/stdout) cannot be replaced.
        target = path.resolve()
        part = target.with_name(f"{target.name}.part") if _is_replaceable(target) else target
        try:
            with part.open("w", encoding="utf-8", newline="") as out:
                yield out
            if part != target:
                part.replace(target)
        except BaseException:
            if part != target:
                with suppress(OSError):
                    part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CommandError(f"Cannot write {name}: {error.strerror or error}.") from error


def _is_replaceable(target: Path) -> bool:
    return target.is_file() or not target.exists()

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def allow_writer() -> Iterator[None]:
    """Do nothing: the miniature has only one database."""
    yield

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def allow_writer() -> Iterator[None]:
    """The miniature has one database and nothing to allow."""
    yield

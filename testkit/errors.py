"""Errors of the environment, which commands report in a sentence instead of a traceback."""

EXIT_CODE = 2
"""Exit status of a command that ends with a ``DemoError``."""


class DemoError(RuntimeError):
    """The demo cannot continue. The message says why and what to do about it."""

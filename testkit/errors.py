"""What may go wrong on anybody's machine: told in a sentence, never with a traceback."""

EXIT_CODE = 2


class DemoError(RuntimeError):
    """The demo cannot go on; the text says why and what to do."""

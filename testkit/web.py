"""Web server of the miniature host: ``python -m testkit.web``.

Prints a line with its address once it listens on a free port.
"""

import os
import sys

from . import miniature

READY = "host ready on "
"""Start of the line that is printed when the host is ready; its address follows."""


def main() -> None:
    """Serve the miniature on the database of XCOVER_DEMO_DATABASE_URL until a signal ends it."""
    miniature.configure(os.environ["XCOVER_DEMO_DATABASE_URL"])
    import waitress
    from django.core.wsgi import get_wsgi_application

    server = waitress.create_server(
        get_wsgi_application(), host="127.0.0.1", port=0, threads=8, ident=None
    )
    sys.stdout.write(f"{READY}http://127.0.0.1:{server.effective_port}\n")
    sys.stdout.flush()
    server.run()


if __name__ == "__main__":
    main()

"""Command line of the simulator: ``python -m xcover_simulator``."""

import argparse
import socket

from pydantic import ValidationError

from .payloads import in_words
from .server import Server, address_of
from .settings import Settings


def main() -> None:
    """Serve the simulator on the given host and port until SIGTERM or SIGINT.

    Exits with status 2 and a sentence when an option is invalid or the port cannot be opened.
    """
    parser = argparse.ArgumentParser(
        prog="python -m xcover_simulator",
        description="A local XCover Offers API for event tickets. It insures nothing.",
    )
    usual = Settings()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001, help="0 takes any free port")
    parser.add_argument(
        "--site", help="where browsers reach its policy wording; unset: where it listens"
    )
    parser.add_argument("--partner", default=usual.partner_code)
    parser.add_argument("--api-key", default=usual.api_key)
    parser.add_argument("--api-secret", default=usual.api_secret)
    parser.add_argument("--webhook-url", help="where bookings are announced; unset: nowhere")
    parser.add_argument("--webhook-key", default=usual.webhook_key)
    parser.add_argument("--webhook-secret", default=usual.webhook_secret)
    given = parser.parse_args()
    try:
        listener = socket.create_server((given.host, given.port))
        settings = Settings(
            site=(given.site or address_of(listener)).rstrip("/"),
            partner_code=given.partner,
            api_key=given.api_key,
            api_secret=given.api_secret,
            webhook_url=given.webhook_url,
            webhook_key=given.webhook_key,
            webhook_secret=given.webhook_secret,
        )
        # Inherited by every connection. Without it, a kept-alive connection waits about 40 ms
        # between the head and the body of a response.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except ValidationError as error:
        parser.error(in_words(error))
    except (OSError, OverflowError) as error:
        parser.error(f"cannot listen on {given.host}:{given.port}: {error}")
    Server(settings, listener).run_until_told()


if __name__ == "__main__":
    main()

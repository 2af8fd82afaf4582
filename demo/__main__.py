"""A ticket store with the plugin and without a Saleor: play its story, or open it in a browser."""

import argparse
import sys

from testkit import miniature, shutdown
from testkit.errors import EXIT_CODE, DemoError


def main(arguments: list[str]) -> int:
    """Run the command line and return the exit status.

    0 means success, 1 a story that did not hold, 2 an error of the environment, and 128 plus the
    signal's number an end by that signal.
    """
    options = _options(arguments)
    shutdown.listen()
    try:
        return _run(options)
    except shutdown.ToldToEnd as told:
        return _ended_by(told)
    except Exception as error:
        # An error after a signal is a consequence of the signal.
        if heard := shutdown.told():
            return _ended_by(heard)
        if not isinstance(error, (DemoError, miniature.RealSaleorFound)):
            raise
        sys.stderr.write(f"{str(error).strip()}\n")
        return EXIT_CODE
    finally:
        # PostgreSQL is stopped at interpreter exit, which a further signal must not interrupt.
        shutdown.no_more()


def _ended_by(told: shutdown.ToldToEnd) -> int:
    sys.stderr.write(f"Ended by {told}; everything it had started is stopped.\n")
    return told.exit_code


def _run(options: argparse.Namespace) -> int:
    if options.command == "story":
        from . import story

        return story.run(scenes=options.scenes, as_json=options.json)
    from . import open_store

    if options.saleor:
        return open_store.run_before(options.saleor, options.channel, port=options.port)
    return open_store.run(port=options.port)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    story = commands.add_parser("story", help="play the story; exit code 0 only if all of it held")
    story.add_argument("--json", action="store_true", help="machine-readable output")
    story.add_argument("--scenes", type=_count, metavar="N", help="only the first N of it")
    store = commands.add_parser("store", help="keep the store open for a browser")
    store.add_argument("--saleor", metavar="URL", help="put the shop before this real Saleor")
    store.add_argument(
        "--channel", metavar="SLUG", help="its channel; default-channel if not given"
    )
    store.add_argument("--port", type=_port, default=0, help="of the shop; 0 takes any free one")
    options = parser.parse_args(arguments)
    if options.command == "store" and options.channel and not options.saleor:
        store.error("--channel is a channel of the Saleor that --saleor names; give both.")
    return options


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("a story has at least one scene")
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is between 0 and 65535")
    return number


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

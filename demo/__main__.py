"""A ticket store with the plugin, without a Saleor: play its story, or open it for a browser."""

import argparse
import sys


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.command == "story":
        from . import story

        return story.run(scenes=options.scenes, as_json=options.json)
    from . import open_store

    if options.saleor:
        return open_store.run_before(options.saleor, options.channel, port=options.port)
    return open_store.run(port=options.port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    story = commands.add_parser("story", help="play the story; exit code 0 only if all of it held")
    story.add_argument("--json", action="store_true", help="machine-readable output")
    story.add_argument("--scenes", type=int, metavar="N", help="only the first N of it")
    store = commands.add_parser("store", help="keep the store open for a browser")
    store.add_argument("--saleor", metavar="URL", help="put the shop before this real Saleor")
    store.add_argument(
        "--channel", metavar="SLUG", default="default-channel", help="its channel (with --saleor)"
    )
    store.add_argument("--port", type=int, default=0, help="of the shop; 0 takes any free one")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

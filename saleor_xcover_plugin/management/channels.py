"""The channels a command is about."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.management.base import CommandError, CommandParser

from ..host import catalog

BAD_ARGUMENTS = 2
"""The exit code of a command that was asked for something it cannot do."""


def add_channels(parser: CommandParser) -> None:
    parser.add_argument(
        "--channel",
        action="append",
        metavar="SLUG",
        help="only this channel (may be repeated); default: all",
    )


def chosen_channels(wanted: Sequence[str] | None) -> dict[str, int]:
    """Return the wanted channels, or all, by slug. Raise ``CommandError`` for an unknown one."""
    known = catalog.channel_ids()
    unknown = sorted(set(wanted or ()) - set(known))
    if unknown:
        raise CommandError(
            f"No such channel: {', '.join(unknown)}. Known channels: {', '.join(sorted(known))}.",
            returncode=BAD_ARGUMENTS,
        )
    return {slug: known[slug] for slug in wanted or sorted(known)}

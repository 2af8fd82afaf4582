"""The option that chooses the channels of a command."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.management.base import CommandError, CommandParser

from ..host import catalog

BAD_ARGUMENTS = 2
"""Exit code of a command whose arguments are invalid."""


def add_channels(parser: CommandParser) -> None:
    """Add the option ``--channel``, which may be repeated."""
    parser.add_argument(
        "--channel",
        action="append",
        metavar="SLUG",
        help="only this channel (may be repeated); default: all",
    )


def chosen_channels(wanted: Sequence[str] | None) -> dict[str, int]:
    """Return the primary keys of the wanted channels by slug; of all if none is named.

    Raise ``CommandError`` with ``BAD_ARGUMENTS`` for an unknown slug.
    """
    known = catalog.channel_ids()
    unknown = sorted(set(wanted or ()) - set(known))
    if unknown:
        raise CommandError(
            f"No such channel: {', '.join(unknown)}. Known channels: {', '.join(sorted(known))}.",
            returncode=BAD_ARGUMENTS,
        )
    return {slug: known[slug] for slug in wanted or sorted(known)}

"""Play XCover's acceptance cases; the cases are a distribution of their own, xcover-acceptance."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from ..base import PluginCommand

try:
    from xcover_acceptance.command import Command
except ModuleNotFoundError as error:
    if error.name != "xcover_acceptance":
        raise

    class Command(PluginCommand):  # type: ignore[no-redef]
        """Stands in for the command while the cases are not installed."""

        help = "Play XCover's acceptance cases. Needs the package xcover-acceptance."

        def add_arguments(self, parser: CommandParser) -> None:
            parser.add_argument("anything", nargs="*", help="the package's command reads these")

        def run_from_argv(self, argv: list[str]) -> None:
            super().run_from_argv(argv[:2])

        def handle(self, *args: Any, **options: Any) -> None:
            raise CommandError(
                "The acceptance cases are not installed, so nothing was sent. Install them beside "
                "the plugin (pip install xcover-acceptance), then run this again.",
                returncode=2,
            )

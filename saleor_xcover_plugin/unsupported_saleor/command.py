"""Answer every command of the plugin while it is inactive."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ..supported import why_inactive


class Command(BaseCommand):
    help = "Says why the plugin is inactive."
    # Its own check would say the same sentence once more.
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Answer whatever arguments the command has."""
        super().run_from_argv(argv[:2])

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(why_inactive() or "")

"""The command ``xcover_go_live``: play the acceptance cases and write the report to send."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from saleor_xcover_plugin.clock import utc_now
from saleor_xcover_plugin.config.settings import SettingsError
from saleor_xcover_plugin.host import catalog, configuration
from saleor_xcover_plugin.host.runtime import allow_writer
from saleor_xcover_plugin.management.base import PluginCommand
from saleor_xcover_plugin.management.channels import BAD_ARGUMENTS, chosen_channels
from saleor_xcover_plugin.management.files import writing
from saleor_xcover_plugin.management.output import print_json, print_table

from .cases import CASES, Play
from .page import acceptance_page
from .player import CaseResult, Ended, cleaned_up, interrupted, play
from .preparation import begin, markets_of

PRODUCTION = "://api.xcover.com/"
"""Part of the address of XCover's production, where test keys work beside live ones.

Source: https://docs.covergenius.com/xcover/authentication
"""

_MARKS = {CaseResult.PASSED: "ok     ", CaseResult.FAILED: "FAILED ", CaseResult.SKIPPED: "skipped"}


class Command(PluginCommand):
    help = (
        "Play XCover's acceptance cases with a channel's settings, against Cover Genius' sandbox "
        "or the simulator. Offers only, unless --bind repeats the partner code: then policies are "
        "made for an invented person and cancelled again. Exit code 1 when a case failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--channel", metavar="SLUG", help="whose settings; needed where several are active"
        )
        parser.add_argument(
            "--bind",
            metavar="PARTNER_CODE",
            help="make test policies too, and cancel them; never with production credentials",
        )
        parser.add_argument(
            "--test-keys",
            action="store_true",
            help=f"with --bind at {PRODUCTION}: the credentials are test keys",
        )
        parser.add_argument("--dry-run", action="store_true", help="show the cases, send nothing")
        parser.add_argument("--html", metavar="FILE", help="write a page to send")
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        shared = _begin(_channel(options["channel"]), options)
        if options["dry_run"]:
            self._show(shared, as_json=options["json"])
            return
        if options["html"]:
            _require_writable(options["html"])
        ended = self._play(shared, may_bind=options["bind"] is not None, quiet=options["json"])
        verdict = _verdict(ended)
        facts = _facts(shared)
        if options["html"]:
            with writing(options["html"], self.stdout) as out:
                out.write(acceptance_page(facts, ended, verdict, utc_now()))
        if options["json"]:
            print_json(self.stdout, {"verdict": verdict, **facts, "cases": _rows(ended)})
        else:
            self.stdout.write(f"\n{verdict}")
        if any(each.outcome == CaseResult.FAILED for each in ended):
            sys.exit(1)

    def _show(self, shared: Play, *, as_json: bool) -> None:
        """Write the cases that would be sent, and the address."""
        rows = [{"case": c.name, "sends": c.sends, "expects": c.expected} for c in CASES]
        if as_json:
            print_json(self.stdout, {**_facts(shared), "dry_run": True, "cases": rows})
            return
        for name, value in _facts(shared).items():
            self.stdout.write(f"{name}: {value}")
        self.stdout.write("")
        print_table(self.stdout, ("case", "sends", "expects"), rows)
        self.stdout.write("Dry run: nothing was sent.")

    def _play(self, shared: Play, *, may_bind: bool, quiet: bool) -> list[Ended]:
        """Play the cases and print each as it ends. Test policies are cancelled in any case."""
        ended: list[Ended] = []

        def tell(one: Ended) -> None:
            ended.append(one)
            if not quiet:
                self._print(one)

        try:
            for each in play(CASES, shared, may_bind=may_bind):
                tell(each)
        except KeyboardInterrupt:
            tell(interrupted(shared))
        finally:
            if shared.needs_clean_up:
                tell(cleaned_up(shared))
        return ended

    def _print(self, each: Ended) -> None:
        paint = self.style.ERROR if each.outcome == CaseResult.FAILED else str
        mark = paint(_MARKS[each.outcome])
        self.stdout.write(f"{mark}  {each.case} ({each.seconds:.1f} s): {each.found}")
        self.stdout.flush()


def _channel(wanted: str | None) -> str:
    channels = chosen_channels([wanted] if wanted else None)
    active = [slug for slug, key in channels.items() if wanted or configuration.is_active(key)]
    if len(active) != 1:
        named = ", ".join(active) or "none"
        raise CommandError(
            f"Name one channel with --channel; active are: {named}.", returncode=BAD_ARGUMENTS
        )
    return active[0]


def _begin(slug: str, options: Mapping[str, Any]) -> Play:
    bind = options["bind"]
    try:
        settings = configuration.settings_of(catalog.channel_ids()[slug])
    except SettingsError as error:
        raise CommandError(f"{slug}: {error}", returncode=BAD_ARGUMENTS) from error
    if bind is not None and bind != settings.partner_code:
        raise CommandError(
            f"--bind {bind} is not the partner code of {slug} ({settings.partner_code} at "
            f"{settings.api_url}). Look whether that is a sandbox; nothing was sent.",
            returncode=BAD_ARGUMENTS,
        )
    if bind is not None and PRODUCTION in settings.api_url and not options["test_keys"]:
        raise CommandError(
            f"{settings.api_url} is XCover's production. Test keys work there too; if these are "
            "test keys, say so with --test-keys. Nothing was sent.",
            returncode=BAD_ARGUMENTS,
        )
    return begin(settings, markets_of(settings, *catalog.market_of(slug)), utc_now)


def _facts(shared: Play) -> dict[str, str]:
    return {
        "Address": shared.settings.api_url,
        "Partner code": shared.settings.partner_code,
        "Offer schema": shared.settings.offer_schema or "the partner's default",
        "Markets": ", ".join(map(str, shared.markets)),
    }


def _require_writable(name: str) -> None:
    """Raise ``CommandError`` if the page cannot be written, before any policy is made."""
    path = Path(name)
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise CommandError(f"Cannot write {name}. Nothing was sent.", returncode=BAD_ARGUMENTS)


def _verdict(ended: Sequence[Ended]) -> str:
    counts = {outcome: sum(each.outcome == outcome for each in ended) for outcome in CaseResult}
    return ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items() if count) + "."


def _rows(ended: Sequence[Ended]) -> list[dict[str, object]]:
    return [
        {
            "case": each.case,
            "outcome": each.outcome.value,
            "expected": each.expected,
            "found": each.found,
            "seconds": round(each.seconds, 3),
            "at": each.at,
        }
        for each in ended
    ]

"""Show what would be sent to XCover about a product, a checkout or an order."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ...clock import utc_now
from ...config.payloads import ChosenPayload, read_file
from ...config.settings import PluginSettings, SettingsError
from ...host import catalog, checkouts, configuration
from ...host.ids import uuid_of
from ...operations import payload_preview
from ...operations.payload_preview import Preview, plain
from ...payload import json_schema, shipped
from ...payload.documents import TemplateError
from ...payload.shapes import Difference, differences
from ...payload.source import PayloadSource
from ..base import PluginCommand
from ..channels import BAD_ARGUMENTS, add_channels, chosen_channels
from ..output import print_json, print_table


class Command(PluginCommand):
    help = (
        "Print what would be sent to XCover, what is missing and why; nothing is sent. Personal "
        "data are hidden unless --reveal is given. Exit code 1 when something is missing, "
        "differs from --check or --schema, or could not be checked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        about = parser.add_mutually_exclusive_group(required=True)
        about.add_argument("--product", metavar="SLUG", help="a product, or a SKU of its variants")
        about.add_argument("--checkout", metavar="ID", help="id or token of a checkout")
        about.add_argument("--order", metavar="NUMBER", help="the confirmation of an order")
        about.add_argument("--example", action="store_true", help="an invented sale")
        add_channels(parser)
        parser.add_argument(
            "--template",
            metavar="FILE",
            help=f"try this template instead, or a shipped one: {', '.join(shipped.NAMES)}",
        )
        parser.add_argument("--check", metavar="FILE", help="compare shapes with this JSON sample")
        parser.add_argument("--schema", metavar="FILE", help="check against this JSON Schema")
        parser.add_argument("--reveal", action="store_true", help="show personal data as well")
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    def handle(self, *args: Any, **options: Any) -> None:
        template = _template(options["template"])
        sample = _read_json(options["check"])
        schema = _schema(options["schema"])
        found = list(_previews(options, template))
        if not found:
            raise CommandError(_nothing(options), returncode=BAD_ARGUMENTS)
        rows = [_judged(preview, sample, schema, options) for preview in found]
        if options["json"]:
            print_json(self.stdout, {"previews": rows})
        else:
            for row in rows:
                self._print(row)
        is_unchecked = schema is not None and not json_schema.is_available()
        if is_unchecked:
            self.stderr.write(json_schema.NOT_CHECKED)
        is_wrong = any(row["refusal"] or row["missing"] or row["differences"] for row in rows)
        if is_wrong or is_unchecked:
            sys.exit(1)

    def _print(self, row: dict[str, Any]) -> None:
        self.stdout.write(f"{row['about']}:")
        if row["refusal"]:
            self.stdout.write(self.style.ERROR(f"No offer: {row['refusal']}"))
        if row["body"] is not None:
            print_json(self.stdout, row["body"])
        if row["missing"]:
            self.stdout.write(self.style.ERROR("Missing, so that no offer is requested:"))
            print_table(self.stdout, ("path", "name", "why"), row["missing"])
        if row["differences"]:
            self.stdout.write(self.style.ERROR("Different:"))
            print_table(self.stdout, ("path", "why"), row["differences"])
        if not (row["refusal"] or row["missing"] or row["differences"]):
            self.stdout.write(self.style.SUCCESS("Complete."))


def _judged(preview: Preview, sample: Any, schema: Any, options: dict[str, Any]) -> dict[str, Any]:
    body = preview.body
    found = []
    if body is not None and sample is not None:
        found += [{"path": each.path, "why": each.sentence} for each in _differing(sample, preview)]
    if body is not None and schema is not None and "context" in body:
        found += [
            {"path": each.path, "why": each.why} for each in json_schema.violations(schema, body)
        ]
    return {
        "about": preview.about,
        "refusal": preview.refusal,
        "body": plain(body if options["reveal"] else preview.masked()),
        "missing": [asdict(gap) for gap in preview.missing],
        "differences": found,
    }


def _differing(sample: Any, preview: Preview) -> list[Difference]:
    """Compare a sample with what a preview may send; a sample may be the context alone.

    Insured persons are compared where the sample has some.
    """
    ours = preview.body if preview.shape is None else preview.shape
    if not ours:  # the source in use says nothing of this part of the payload
        return []
    if "context" not in ours:  # persons of a builder; those of a template are in its shape
        persons = {"insured": sample["insured"]} if "insured" in sample else ours
        return differences(persons, ours)
    if "context" not in sample and "insured" not in sample:
        return differences(sample, ours["context"], optional=preview.optional, start="context")
    wanted = {part: value for part, value in ours.items() if part != "insured" or part in sample}
    return differences(sample, wanted, optional=preview.optional)


def _previews(options: dict[str, Any], template: PayloadSource | None) -> Iterator[Preview]:
    if options["order"] is not None:
        if template is not None:
            raise CommandError(
                "--template is for checkouts, products and --example: an order's offer was made.",
                returncode=BAD_ARGUMENTS,
            )
        preview = payload_preview.of_order(options["order"], _settings_of)
        yield from [preview] if preview else []
    elif options["checkout"] is not None:
        yield from _of_checkout(options["checkout"], template)
    else:
        yield from _of_channels(options, template)


def _of_checkout(named: str, template: PayloadSource | None) -> Iterator[Preview]:
    token = uuid_of(named, "Checkout")
    channel_id = checkouts.channel_of(token) if token else None
    if token is None or channel_id is None:
        return
    settings = _settings_of(channel_id)
    source = template or _source_of(settings)
    yield from payload_preview.of_checkout(token, source, settings, utc_now())


def _of_channels(options: dict[str, Any], template: PayloadSource | None) -> Iterator[Preview]:
    channels = chosen_channels(options["channel"])
    active = {slug: key for slug, key in channels.items() if configuration.is_active(key)}
    for slug, channel_id in active.items():
        settings = _settings_of(channel_id)
        source = template or _source_of(settings)
        if options["example"]:
            found = payload_preview.of_example(source, settings, utc_now())
        else:
            product = options["product"]
            found = list(payload_preview.of_product(product, channel_id, source, settings))
        for preview in found:
            yield preview.of_channel(slug)


def _settings_of(channel_id: int) -> PluginSettings:
    try:
        return configuration.settings_of(channel_id)
    except SettingsError as error:
        slug = catalog.channel_names()[channel_id]
        raise CommandError(f"{slug}: {error}", returncode=BAD_ARGUMENTS) from error


def _source_of(settings: PluginSettings) -> PayloadSource:
    try:
        return settings.payload.source()
    except TemplateError as error:
        raise CommandError(f"Payload template, {error}.", returncode=BAD_ARGUMENTS) from error


def _template(path: str | None) -> PayloadSource | None:
    if path is None:
        return None
    is_shipped = path in shipped.NAMES and not Path(path).exists()
    try:
        return ChosenPayload(f"use: {path}" if is_shipped else read_file(Path(path))).source()
    except (TemplateError, OSError) as error:
        raise CommandError(f"{path}: {_why(error)}", returncode=BAD_ARGUMENTS) from error


def _schema(path: str | None) -> Any:
    if path is None:
        return None
    try:
        return json_schema.read_schema(Path(path).read_text(encoding="utf-8"))
    except (TemplateError, OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: {_why(error)}", returncode=BAD_ARGUMENTS) from error


def _read_json(path: str | None) -> Any:
    if path is None:
        return None
    try:
        sample = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise CommandError(f"{path}: {_why(error)}", returncode=BAD_ARGUMENTS) from error
    if not isinstance(sample, dict):
        raise CommandError(f"{path}: a JSON object is wanted here", returncode=BAD_ARGUMENTS)
    return sample


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or "it cannot be read"
    return str(error) if isinstance(error, TemplateError) else "this is no JSON in UTF-8"


def _nothing(options: dict[str, Any]) -> str:
    if options["order"] is not None:
        return f"Order {options['order']} has no protection."
    if options["checkout"] is not None:
        return f"There is no checkout {options['checkout']}."
    if options["product"] is not None:
        return (
            f"No ticket of a product or SKU {options['product']} is for sale in a channel in which "
            "the plugin is active."
        )
    return "The plugin is active in none of these channels."

"""Check a payload template against the partner's JSON Schema before it is saved."""

from __future__ import annotations

from datetime import datetime

from ..config.fields import label_of
from ..config.settings import PluginSettings, SettingsError
from ..payload.documents import TemplateError
from ..payload.json_schema import Violation, read_schema, violations
from .payload_preview import of_example


def check(settings: PluginSettings, now: datetime) -> None:
    """Raise ``SettingsError`` if the template cannot be used, or must break the schema.

    Rules about values, such as patterns and largest numbers, are left to ``xcover_payload``, which
    knows real ones.
    """
    if settings.payload_schema:
        try:
            read_schema(settings.payload_schema)
        except TemplateError as error:
            name = "payload_schema"
            raise SettingsError(name, f"{label_of(name)}, {error}.") from error
    try:
        lacking = [
            gap
            for each in of_example(settings.payload.source(), settings, now)
            for gap in each.missing
            if not gap.is_by_value  # the invented sale has one country, one currency, one city
        ]
        found = [each for each in broken_rules(settings, now) if each.is_structural]
    except TemplateError as error:
        raise SettingsError("payload", f"{label_of('payload')}, {error}.") from error
    if lacking:
        gap = lacking[0]
        raise SettingsError(
            "payload", f"{label_of('payload')}, for every sale: {gap.path}: {gap.why}."
        )
    if found:
        named = "; ".join(f"{each.path}: {each.why}" for each in found[:3])
        raise SettingsError("payload", f"{label_of('payload')}, against its JSON Schema: {named}.")


def broken_rules(settings: PluginSettings, now: datetime) -> list[Violation]:
    """Return where an invented sale breaks the JSON Schema of the settings; none without one.

    Raise ``TemplateError`` if schema or template cannot be used.
    """
    source = settings.payload.source()
    if not settings.payload_schema:
        return []
    schema = read_schema(settings.payload_schema)
    body = of_example(source, settings, now)[0].body
    return violations(schema, body, only_structure=True)

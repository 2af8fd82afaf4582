"""Start Django in a Saleor that says it is too old, and tell what the plugin is there.

The miniature with another version number. Our tables cannot be imported, as with Django 4.2.
"""

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from testkit import miniature


def main() -> None:
    sys.path.append(str(miniature.ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = miniature.SETTINGS
    os.environ["XCOVER_DEMO_DATABASE_URL"] = "postgresql://nobody@localhost:1/nothing"
    import saleor

    saleor.__version__ = "3.21.55"
    sys.modules["saleor_xcover_plugin.models"] = None  # type: ignore[assignment]
    import django
    from django.apps import AppConfig
    from django.conf import settings

    # Before any app is ready: in a real Saleor another one looks for plugins then.
    AppConfig.create("saleor_xcover_plugin")
    early = list(settings.PLUGINS)
    django.setup()
    told = {**at_start(), "early": early, "plugin": the_plugin(), "commands": commands()}
    json.dump(told, sys.stdout)


def at_start() -> dict[str, Any]:
    from celery.loaders.base import find_related_module
    from django.conf import settings
    from django.core.checks import run_checks
    from django.db.migrations.loader import MigrationLoader

    return {
        "checks": [[each.id, each.level, each.msg] for each in run_checks()],
        "scheduled": list(settings.CELERY_BEAT_SCHEDULE),
        "tasks": find_related_module("saleor_xcover_plugin", "tasks"),
        "unmigrated": sorted(MigrationLoader(None).unmigrated_apps),
    }


def the_plugin() -> dict[str, Any]:
    from django.conf import settings
    from django.core.exceptions import ValidationError
    from django.utils.module_loading import import_string

    (path,) = settings.PLUGINS
    made = import_string(path)(configuration=[], active=True)
    try:
        made.validate_plugin_configuration(None)
    except ValidationError as error:
        refused = error.messages
    made.active = True
    return {
        "id": made.PLUGIN_ID,
        "active": made.active,
        "description": made.PLUGIN_DESCRIPTION,
        "refused": refused,
        "secrets": made.CONFIG_STRUCTURE["api_secret"]["type"],
    }


def commands() -> dict[str, Any]:
    return {
        line: run(line.split())
        for line in (
            "xcover_doctor --json --channel a",
            "xcover_doctor",
            "xcover_work --for 3",
            "xcover_status",
        )
    }


def run(arguments: list[str]) -> dict[str, Any]:
    from django.core.management import execute_from_command_line

    out, errors, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(errors):
        try:
            execute_from_command_line(["manage.py", *arguments])
        except SystemExit as end:
            code = int(end.code or 0)
    return {"code": code, "out": out.getvalue(), "errors": errors.getvalue()}


if __name__ == "__main__":
    main()

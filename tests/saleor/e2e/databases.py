"""Databases for Saleor's own tests: empty, migrated once with its test settings, then copied."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from testkit.saleor import bootstrap

SETTINGS = "saleor.tests.settings"


def url_of(name: str) -> str:
    """Return the address of a database on the server ``SALEOR_DATABASE_URL`` names."""
    return f"{bootstrap.server_url().rpartition('/')[0]}/{name}"


def name_in(mode: str) -> str:
    """Return the name that Django makes test databases' names of."""
    return f"{bootstrap.database_name()}_own_{mode}"


def prepare_template(saleor: Path, version: str) -> str:
    """Migrate a database with Saleor's test settings, once per Saleor and our migrations."""
    wanted = _fingerprint(version)
    name = name_in(version.replace(".", "_").replace("-", "_"))
    with _server() as server:
        if _remark(server, name) == wanted:
            return name
        _say(f"migrating {name} for Saleor's own tests; from an empty one this takes some minutes")
        with suppress(psycopg.errors.DuplicateDatabase):
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        migrate = ["-m", "django", "migrate", "--run-syncdb", "--no-input", "--verbosity", "0"]
        subprocess.run(
            [str(saleor / ".venv" / "bin" / "python"), *migrate],
            cwd=saleor,
            env={**os.environ, "DATABASE_URL": url_of(name), "DJANGO_SETTINGS_MODULE": SETTINGS},
            check=True,
        )
        remark = sql.SQL("COMMENT ON DATABASE {} IS {}")
        server.execute(remark.format(sql.Identifier(name), sql.Literal(wanted)))
    return name


def copy_for(workers: int, mode: str, template: str) -> None:
    """Give every worker of pytest-xdist a fresh copy under the name pytest-django expects."""
    with _server() as server:
        for number in range(workers):
            name = _copy(mode, number)
            _drop(server, name)
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )


def drop_copies(workers: int, mode: str) -> None:
    with _server() as server:
        for number in range(workers):
            _drop(server, _copy(mode, number))


def _copy(mode: str, number: int) -> str:
    return f"test_{name_in(mode)}_gw{number}"


def _server() -> psycopg.Connection:
    return psycopg.connect(bootstrap.server_url(), dbname="postgres", autocommit=True)


def _drop(server: psycopg.Connection, name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _remark(server: psycopg.Connection, name: str) -> str | None:
    row = server.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    return row[0] if row else None


def _fingerprint(version: str) -> str:
    digest = hashlib.sha256(version.encode())
    for path in sorted((bootstrap.ROOT / "saleor_xcover_plugin" / "migrations").glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return f"saleor_xcover_plugin e2e {digest.hexdigest()}"


def _say(sentence: str) -> None:
    sys.stderr.write(f"tests/saleor/e2e: {sentence}\n")

"""The PostgreSQL database of a test session: a copy of one that is migrated once."""

import atexit
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from . import bootstrap

MIGRATIONS = bootstrap.ROOT / "saleor_xcover_plugin" / "migrations"
"""Folder of the plugin's migrations."""


def prepare() -> None:
    """Create a fresh database as a copy of the migrated one, which is created first if needed.

    The copy takes about 0.1 seconds, so every session can have its own. The database is locked for
    the life of this process; the call waits while another session uses it.
    """
    name, template = bootstrap.database_name(), bootstrap.template_name()
    server = psycopg.connect(bootstrap.server_url(), dbname="postgres", autocommit=True)
    _lock(server, name)
    with _held(server, template):
        _prepare_template(server, template)
        _drop(server, name)
        _copy(server, template, name)


def _prepare_template(server: psycopg.Connection, template: str) -> None:
    fingerprint = _fingerprint()
    if _remark(server, template) == fingerprint:
        return
    _drop(server, template)
    _create(server, template)
    _migrate(template)
    server.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(
            sql.Identifier(template), sql.Literal(fingerprint)
        )
    )


def _drop(server: psycopg.Connection, name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _copy(server: psycopg.Connection, template: str, name: str) -> None:
    server.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )


def _fingerprint() -> str:
    """Return a text that changes with Saleor's version and with the plugin's migrations."""
    digest = hashlib.sha256(bootstrap.version().encode())
    for path in sorted(Path(MIGRATIONS).glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return f"saleor_xcover_plugin tests {digest.hexdigest()}"


def _lock(server: psycopg.Connection, name: str) -> None:
    """Lock ``name`` until ``atexit`` closes the connection ``server``."""
    atexit.register(server.close)
    row = server.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name]).fetchone()
    if row and not row[0]:
        _say(f"another test session uses the database {name}; waiting for it to end")
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])


@contextmanager
def _held(server: psycopg.Connection, name: str) -> Iterator[None]:
    """Lock the template while it is created or copied, because other sessions copy it too."""
    server.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
    try:
        yield
    finally:
        server.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])


def _remark(server: psycopg.Connection, name: str) -> str | None:
    row = server.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    return row[0] if row else None


def _create(server: psycopg.Connection, name: str) -> None:
    """Copy the database that the server address names, or create an empty one."""
    template = psycopg.conninfo.conninfo_to_dict(bootstrap.server_url()).get("dbname")
    try:
        _copy(server, str(template), name)
    except (psycopg.errors.InvalidCatalogName, psycopg.errors.ObjectInUse) as error:
        _say(f"no copy of {template} ({type(error).__name__}): migrating an empty database")
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _migrate(name: str) -> None:
    """Migrate in a separate process, because migrations leave historical rows in caches."""
    _say("migrating the test database; from an empty one this takes some minutes")
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--no-input", "--verbosity", "0"],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "DATABASE_URL": bootstrap.database_url(name),
        },
        check=True,
    )


def _say(sentence: str) -> None:
    sys.stderr.write(f"\ntests/saleor: {sentence}\n")

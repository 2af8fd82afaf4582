"""A PostgreSQL database of our own: Saleor's tables and the plugin's, made once, then reused."""

import atexit
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from . import bootstrap

MIGRATIONS = bootstrap.ROOT / "saleor_xcover_plugin" / "migrations"


def prepare() -> None:
    """Make the database ready; two sessions never use it at once."""
    name, fingerprint = bootstrap.database_name(), _fingerprint()
    server = psycopg.connect(bootstrap.server_url(), dbname="postgres", autocommit=True)
    _lock(server, name)
    if _remark(server, name) == fingerprint:
        return
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    _create(server, name)
    _migrate()
    server.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(
            sql.Identifier(name), sql.Literal(fingerprint)
        )
    )


def _fingerprint() -> str:
    """Change whenever the tables may: another Saleor, or another state of our migrations."""
    digest = hashlib.sha256(bootstrap.version().encode())
    for path in sorted(Path(MIGRATIONS).glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return f"saleor_xcover_plugin tests {digest.hexdigest()}"


def _lock(server: psycopg.Connection, name: str) -> None:
    """Hold the name for the life of this process, on a connection that ``atexit`` closes."""
    atexit.register(server.close)
    row = server.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name]).fetchone()
    if row and not row[0]:
        _say(f"another test session uses the database {name}; waiting for it to end")
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])


def _remark(server: psycopg.Connection, name: str) -> str | None:
    row = server.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    return row[0] if row else None


def _create(server: psycopg.Connection, name: str) -> None:
    """Copy the migrated database the server address names, or begin with an empty one."""
    template = psycopg.conninfo.conninfo_to_dict(bootstrap.server_url()).get("dbname")
    try:
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(str(template))
            )
        )
    except (psycopg.errors.InvalidCatalogName, psycopg.errors.ObjectInUse) as error:
        _say(f"no copy of {template} ({type(error).__name__}): migrating an empty database")
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _migrate() -> None:
    """Migrate in a process of its own: migrations leave historical rows in Django's caches."""
    _say("migrating the test database; from an empty one this takes some minutes")
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--no-input", "--verbosity", "0"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )


def _say(sentence: str) -> None:
    sys.stderr.write(f"\ntests/saleor: {sentence}\n")

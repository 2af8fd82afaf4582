"""The PostgreSQL of demo and tests: the server of DATABASE_URL, or else an embedded one."""

import atexit
import os

import psycopg
from psycopg import conninfo, sql

from .errors import DemoError

# Largest number of demos, stores and test runs side by side on one server.
_MOST = 9
# Parts of an address with a Django setting of their own; all others are options.
_SETTINGS = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}


def server_url() -> str:
    """Return the address of the server. An embedded one runs at least until this process ends."""
    url = os.environ.get("DATABASE_URL")
    if url:
        return url
    from . import embedded_postgres

    return embedded_postgres.url()


def describe_server() -> str:
    """Return a description of the server, without its password."""
    url = os.environ.get("DATABASE_URL")
    if url:
        parts = _parts(url)
        where = f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}"
        return f"the one DATABASE_URL names, {parts.get('user', 'the default user')} at {where}"
    from . import embedded_postgres

    return f"an embedded one in {embedded_postgres.home()}"


def fresh_database(name: str) -> str:
    """Create an empty database called ``name`` and return its address.

    The name is reserved for this process until it ends. If another process holds it, the first
    free one of ``name_2``, ``name_3`` and so on is used. An existing database is dropped. Raises
    ``DemoError`` if all names are held or the server cannot be used.
    """
    url = server_url()
    _parts(url)
    try:
        server = psycopg.connect(url, dbname="postgres", autocommit=True)
        # Registering it also keeps the connection, and with it the lock, until this process ends.
        atexit.register(server.close)
        free = _hold_first_free(server, name)
        if free is None:
            server.close()
            raise DemoError(
                f"Other processes use the databases {name} to {name}_{_MOST}; end one first."
            )
        named = sql.Identifier(free)
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(named))
        server.execute(sql.SQL("CREATE DATABASE {}").format(named))
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise DemoError(
            f"The PostgreSQL in use ({describe_server()}) gives no database {name}: {reason}"
        ) from error
    return conninfo.make_conninfo(url, dbname=free)


def _hold_first_free(server: psycopg.Connection, name: str) -> str | None:
    for each in (name, *(f"{name}_{number}" for number in range(2, _MOST + 1))):
        row = server.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [each]).fetchone()
        if row and row[0]:
            return each
    return None


def django_database(url: str) -> dict[str, object]:
    """Return an entry of Django's DATABASES for the address ``url``."""
    parts = conninfo.conninfo_to_dict(url)
    settings: dict[str, object] = {
        setting: parts.pop(part, "") for part, setting in _SETTINGS.items()
    }
    return {
        "ENGINE": "django.db.backends.postgresql",
        **settings,
        "NAME": settings["NAME"] or "postgres",
        "PORT": str(parts.pop("port", "")),
        # Such as sslmode, which a server may require.
        "OPTIONS": parts,
    }


def _parts(url: str) -> dict[str, object]:
    try:
        return dict(conninfo.conninfo_to_dict(url))
    except psycopg.ProgrammingError:
        # The original message would repeat the address with its password.
        raise DemoError(
            "DATABASE_URL is not the address of a PostgreSQL; it looks like "
            "postgresql://user:password@host:5432/postgres."
        ) from None

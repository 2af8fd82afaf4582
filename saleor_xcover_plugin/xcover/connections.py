"""Connections of ``requests`` that can be cut from another thread.

A connection registers with the call that uses it (``deadline.Work``) from the moment it is open,
even before the TLS handshake, until it goes back to the pool. It is cut through a duplicate of its
socket's handle, which works however the socket is wrapped by then.
"""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .deadline import Work, current_work


class _CuttableConnection(HTTPConnection):
    """Cuts itself when the call that uses it is abandoned."""

    _handle: socket.socket | None = None
    _work: Work[object] | None = None

    def _new_conn(self) -> socket.socket:
        opened: socket.socket = super()._new_conn()
        self._handle = opened.dup()
        self._belongs_to(current_work())
        return opened

    def putrequest(self, *arguments: Any, **options: Any) -> None:
        self._belongs_to(current_work())
        super().putrequest(*arguments, **options)

    def close(self) -> None:
        self.handed_back()
        super().close()
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()

    def cut(self) -> None:
        handle = self._handle
        if handle is not None:
            with contextlib.suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

    def handed_back(self) -> None:
        """Unregister from the call that used the connection."""
        self._belongs_to(None)

    def _belongs_to(self, work: Work[object] | None) -> None:
        before, self._work = self._work, work
        if before is not None and before is not work:
            before.release(self)
        if work is not None:
            work.use(self)


class _CuttableTLSConnection(_CuttableConnection, HTTPSConnection):
    """A ``_CuttableConnection`` over TLS."""


class _HandsBack(HTTPConnectionPool):
    """Takes each connection from its call before the next call may get it."""

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.handed_back()
        super()._put_conn(conn)


class _Pool(_HandsBack):
    ConnectionCls = _CuttableConnection


class _TLSPool(_HandsBack, HTTPSConnectionPool):
    ConnectionCls = _CuttableTLSConnection


_POOLS = {HTTPConnectionPool: _Pool, HTTPSConnectionPool: _TLSPool}


def make_cuttable(session: requests.Session) -> None:
    """Make all connections that a session opens from now on cuttable.

    It may be called again. Connections through an HTTP proxy can be cut too. Those through SOCKS,
    which has connection classes of its own, end with the timeout of the socket.
    """
    for adapter in session.adapters.values():
        _replace_pools(getattr(adapter, "poolmanager", None))
        proxied = getattr(adapter, "proxy_manager_for", None)
        if proxied is not None and not isinstance(proxied, _ProxyManagers):
            adapter.proxy_manager_for = _ProxyManagers(proxied)  # type: ignore[attr-defined]


class _ProxyManagers:
    """Replaces an adapter's ``proxy_manager_for``."""

    def __init__(self, original: Any) -> None:
        self._original = original

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        manager = self._original(*arguments, **options)
        _replace_pools(manager)
        return manager


def _replace_pools(manager: Any) -> None:
    pools = getattr(manager, "pool_classes_by_scheme", None)
    if pools is not None:
        manager.pool_classes_by_scheme = {
            scheme: _POOLS.get(pool, pool) for scheme, pool in pools.items()
        }

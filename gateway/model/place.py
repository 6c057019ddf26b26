"""Where a store is."""

from __future__ import annotations

from pathlib import Path, PosixPath


class ServedPath(PosixPath):
    """The path of a store whose rows a database server keeps.

    No file has that name. Files of this node lie beside it, as they do beside a database file.
    """

    url: str = ""
    """The server and the database, as libpq takes them."""
    blobs: str = ""
    """Where all nodes keep octets: a folder, or `s3://bucket/prefix`. Empty is beside the path."""
    lender: str = ""
    """Where else octets are read, and never written: those of the store that this is a copy of."""

    @classmethod
    def at(cls, path: Path, url: str, blobs: str = "") -> ServedPath:
        """Return the path with its server."""
        served = cls(path)
        served.url, served.blobs = url, blobs
        return served

    @property
    def shown(self) -> str:
        """What to call it before people: never with a password."""
        head, at, rest = self.url.partition("@")
        return f"{head.partition('://')[0]}://{rest}" if at else self.url

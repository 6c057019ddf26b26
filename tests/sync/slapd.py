"""A real slapd on a loopback port, with a schema that knows what Active Directory calls things."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

BASE = "dc=acme,dc=example"
BIND, PASSWORD = f"cn=reader,{BASE}", "secret"

_CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/misc.schema
attributetype ( 1.2.840.113556.1.2.210 NAME 'proxyAddresses'
    EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl'
    EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'adUser' AUXILIARY
    MAY ( proxyAddresses $ userAccountControl ) )
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
sizelimit 100
database mdb
maxsize 10485760
suffix "{base}"
rootdn "{bind}"
rootpw {password}
directory {folder}/data
access to * by users read by anonymous auth
"""


@dataclass(frozen=True)
class Slapd:
    """A running one."""

    port: int

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    def add(self, ldif: str) -> None:
        command = ["ldapadd", "-x", "-H", self.url, "-D", BIND, "-w", PASSWORD]
        subprocess.run(command, input=ldif, text=True, check=True, capture_output=True)

    def delete(self, name: str) -> None:
        command = ["ldapdelete", "-x", "-H", self.url, "-D", BIND, "-w", PASSWORD, name]
        subprocess.run(command, check=True, capture_output=True)


@contextmanager
def running(program: str, folder: Path) -> Iterator[Slapd]:
    (folder / "data").mkdir(parents=True)
    config = folder / "slapd.conf"
    config.write_text(_CONFIG.format(folder=folder, base=BASE, bind=BIND, password=PASSWORD))
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    url = f"ldap://127.0.0.1:{port}"
    command = [program, "-f", str(config), "-h", url, "-d", "0"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait(process, port, folder / "log")
        slapd = Slapd(port)
        slapd.add(
            f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Acme\ndc: acme\n"
        )
        yield slapd
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return once it answers."""
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        with closing(socket.socket()) as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(log.read_text())

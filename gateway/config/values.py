"""Values that text stands for, checked as they are made.

Each raises ValueError with a sentence that says what is expected.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Self

from gateway.mail.addresses import key_of

_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")
_FIELD_NAME = re.compile(r"[!-9;-~]+")


class Network(str):
    """A network of clients in CIDR form, such as `10.0.0.0/8`; one address is a network too."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Return the network in its usual spelling."""
        try:
            return super().__new__(cls, ipaddress.ip_network(text.strip()))
        except ValueError:
            message = (
                'an address or a network such as "192.0.2.0/24" or "2001:db8::/32" is expected'
            )
            raise ValueError(message) from None


class Domain(str):
    """A domain in lower case, in its Unicode form."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Return the domain as addresses are compared by."""
        name = key_of(f"x@{text.strip().rstrip('.')}").rpartition("@")[2]
        if "@" in text or "." not in name or not all(_LABEL.fullmatch(p) for p in name.split(".")):
            raise ValueError('a domain such as "example.com" is expected')
        return super().__new__(cls, name)


class MailAddress(str):
    """The key of an address: what addresses are compared by."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Return the key of the address."""
        local_part, _, domain = text.strip().rpartition("@")
        if not local_part or any(c.isspace() or c in "<>," for c in local_part):
            raise ValueError('an address such as "log@example.com" is expected')
        return super().__new__(cls, key_of(f"{local_part}@{Domain(domain)}"))


class FieldName(str):
    """The name of a header field in lower case (RFC 5322 §3.6.8); empty is none."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Return the name in lower case."""
        if text and not _FIELD_NAME.fullmatch(text):
            raise ValueError('the name of a header field such as "X-Log-To-CRM" is expected')
        return super().__new__(cls, text.lower())


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and a TCP port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Return what `host:port` or `[IPv6 address]:port` names."""
        host, colon, port = text.strip().rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        host = host[1:-1] if bracketed else host
        is_port = port.isascii() and port.isdigit() and int(port) < 65_536
        if not (colon and host and is_port) or (":" in host) != bracketed:
            raise ValueError('"host:port" such as "127.0.0.1:10025" or "[::1]:10025" is expected')
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

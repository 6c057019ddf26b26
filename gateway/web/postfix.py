"""What `doctor` looks at in the Postfix of this machine: what it does to the mail.

Standards: postconf(1), master(5), FILTER_README, SMTPD_PROXY_README, MILTER_README.
Limits: only what names one of the gateway's own listeners is looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from gateway.config.settings import Config, Listener
from gateway.web.findings import Finding

_PLACE = re.compile(r"(?:inet:)?\[?([\w.:-]+?)\]?:(\d+)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class Postfix:
    """Its settings, as postconf tells them."""

    program: str
    by_service: Mapping[str, str]
    """`service/type/parameter` to value."""

    def value(self, service: str, parameter: str) -> str:
        """Return what holds for a service."""
        own = self.by_service.get(f"{service}/{parameter}")
        return self._common(parameter) if own is None else own

    def naming(self, parameter: str, ports: Mapping[int, Listener]) -> Iterator[tuple[str, str]]:
        """Yield service and value where a parameter names one of these ports."""
        suffix = f"/{parameter}"
        told = [
            (k.removesuffix(suffix), v) for k, v in self.by_service.items() if k.endswith(suffix)
        ]
        for service, value in (*told, ("main.cf", self._common(parameter))):
            if any(int(port) in ports for _, port in _PLACE.findall(value)):
                yield service, value

    def _common(self, parameter: str) -> str:
        return _asked(self.program, "-h", parameter).strip()


def look_at_postfix(config: Config) -> Iterator[Finding]:
    """Look at each way by which the Postfix of this machine brings mail to us."""
    program = shutil.which("postconf", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        return
    lines = (line.partition("=") for line in _asked(program, "-P").splitlines())
    postfix = Postfix(program, {name.strip(): value.strip() for name, _, value in lines})
    ports = {one.address.port: one for one in config.listeners if one.socket is None}
    seen = set()
    for _, value in postfix.naming("content_filter", ports):
        transport = value.partition(":")[0]
        if transport not in seen:
            seen.add(transport)
            port = int(_PLACE.findall(value.partition(":")[2])[0][1])
            yield from _transport(postfix, f"{transport}/unix", ports[port], config)
    for service, _ in postfix.naming("smtpd_proxy_filter", ports):
        yield Finding(
            f"postfix {service}",
            True,
            "before the queue: while the gateway is down, clients are asked to try again",
        )
    for service, value in postfix.naming("smtpd_milters", ports):
        yield _milter(postfix, service, value)


def _transport(
    postfix: Postfix, service: str, listener: Listener, config: Config
) -> Iterator[Finding]:
    name = f"postfix {service.removesuffix('/unix')}"

    def value(parameter: str) -> str:
        return postfix.value(service, parameter)

    limit = value("smtp_line_length_limit")
    yield _told(
        f"{name} lines", limit == "0", f"smtp_line_length_limit = {limit}",
        "Longer lines are folded, which breaks signatures: -o smtp_line_length_limit=0",
    )  # fmt: skip
    kept = value("disable_mime_output_conversion")
    yield _told(
        f"{name} 8 bits", kept == "yes", f"disable_mime_output_conversion = {kept}",
        "8-bit mail may be rewritten, which breaks signatures:"
        " -o disable_mime_output_conversion=yes",
    )  # fmt: skip
    told = value("smtp_send_xforward_command")
    yield _told(
        f"{name} client", told == "yes", f"smtp_send_xforward_command = {told}",
        "The gateway takes Postfix for every client: -o smtp_send_xforward_command=yes",
    )  # fmt: skip
    patience = _seconds(value("smtp_data_done_timeout"))
    final_s = listener.next_hop.final_timeout_s if listener.next_hop else 0
    yield _told(
        f"{name} patience", patience > final_s,
        f"smtp_data_done_timeout is {patience:.0f} s, the next hop has {final_s:.0f} s",
        "A timeout of Postfix first delivers twice: -o smtp_data_done_timeout=1200s",
    )  # fmt: skip
    yield _fallback(name, value("smtp_fallback_relay"), config)


def _fallback(name: str, relay: str, config: Config) -> Finding:
    """Say whether mail really goes on without us."""
    name = f"{name} fail-open"
    if config.store.on_store_failure == "defer":
        well = not relay
        found = f"smtp_fallback_relay = {relay or '(none)'}, on_store_failure = defer"
        return _told(name, well, found, "Mail would pass unrecorded: take the relay away.")
    places = _PLACE.findall(relay)
    if not places:
        remedy = "While the gateway is down mail waits: -o smtp_fallback_relay=[127.0.0.1]:10026"
        return Finding(name, False, "smtp_fallback_relay is not set", remedy)
    host, port = places[0]
    try:
        with socket.create_connection((host, int(port)), timeout=5.0) as channel:
            open_now = channel.recv(512).startswith(b"220")
    except OSError as error:
        remedy = f"Let something take mail at {relay}, or mail waits while the gateway is down."
        return Finding(name, False, f"{relay}: {error.strerror or error}", remedy)
    return _told(name, open_now, f"{relay} takes mail", f"See the log of what is at {relay}.")


def _milter(postfix: Postfix, service: str, value: str) -> Finding:
    action = re.search(r"default_action\s*=\s*(\w+)", value)
    says = action[1] if action else postfix.value(service, "milter_default_action")
    return _told(
        f"postfix {service} fail-open", says == "accept", f"default_action = {says}",
        "While the gateway is down mail is deferred: write default_action=accept",
    )  # fmt: skip


def _told(check: str, well: bool, found: str, remedy: str) -> Finding:  # noqa: FBT001 - the finding
    return Finding(check, well, found, "" if well else remedy)


def _seconds(text: str) -> float:
    number, unit = (text[:-1], text[-1:]) if text[-1:] in _UNITS else (text, "s")
    return float(number) * _UNITS[unit] if number.isdigit() else 0.0


def _asked(program: str, *words: str) -> str:
    """Return what postconf says; nothing where it fails, as without any configuration."""
    command = [program, *words]
    if folder := os.environ.get("MAIL_CONFIG"):
        command[1:1] = ["-c", folder]
    # A unit may forbid the pages to run a program at all.
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
        return done.stdout
    return ""

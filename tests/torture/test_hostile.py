"""Input of those who mean harm, through the whole gateway to what goes onward."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway import maillog
from gateway.config.load import parse_config
from gateway.daemon import Daemon
from gateway.mail.reading import read_heading, read_message
from gateway.mail.wire import stuffed
from tests.flows.running import CONFIG, Running, running
from tests.intake.door import Caller, gateway
from tests.letters import letter
from tests.next_hop import NextHop, next_hop
from tests.torture.gate import Zygote, free_port
from tests.torture.test_faults import gate

AMBIGUOUS = (
    b"\n.\n", b"\n.\r", b"\r.\n", b"\r.\r", b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\rx",
    b"\r\n\0.\r\n", b"\r\n.\r\r\n", b"\r\r\n.\r\r\n",
)  # fmt: skip
"""What a lax server may take for the end of data."""
ODD = (b"\r\n.\0\r\n", b"\n..\n", b"x\n.x", b"\r\n .\r\n", b"\0", b"\r", b"\n")
"""What no server does: it passes as it is."""
SMUGGLED = (
    b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<victim@y.example>\r\nDATA\r\n"
    b"Subject: smuggled\r\n\r\nHa.\r\n"
)
HELLO = b"MAIL FROM:<a@x.example>\r\nRCPT TO:<anna@corp.example>\r\nDATA\r\n"


async def bring(caller: Caller, wire: bytes, cut: int, *, pipelined: bool) -> str:
    """Bring content in two packets, with no dot of it stuffed; return the reply to it."""
    wire += b".\r\n" + (b"NOOP\r\n" if pipelined else b"")
    if pipelined:
        caller.send(HELLO)
        said = [await caller.reply() for _ in range(3)]
        assert said[-1].startswith("354")
    else:
        await caller.open(b"<anna@corp.example>")
    caller.send(wire[:cut])
    await caller.writer.drain()
    # The gateway reads the first packet before the second is written.
    await asyncio.sleep(0)
    caller.send(wire[cut:])
    reply = await caller.reply()
    if pipelined:
        assert (await caller.reply()).startswith("250")
    return reply


def test_each_sequence_that_scanners_try_is_tried(real_mail: Path) -> None:
    known = json.loads((real_mail / "smtp_eod_sequences.json").read_bytes())
    tried = {*known["inbound"], *known["outbound_also"]}
    assert {sequence.encode() for sequence in tried} <= set(AMBIGUOUS)


@pytest.mark.parametrize("pipelined", [False, True])
@pytest.mark.parametrize("sequence", AMBIGUOUS)
async def test_a_false_end_of_data_is_refused_wherever_it_is_split(
    tmp_path: Path, sequence: bytes, pipelined: bool
) -> None:
    octets = b"Subject: x\r\n\r\nHello." + sequence + SMUGGLED
    around = range(len(b"Subject: x\r\n\r\nHello") - 1, len(octets) - len(SMUGGLED) + 3)
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        caller = await gateway.call()
        for cut in around:
            said = await bring(caller, octets, cut, pipelined=pipelined)
            assert said.startswith("550 5.6.0")
        caller.writer.close()
    assert hop.taken == []
    assert not any("evil" in line or "victim" in line for line in hop.heard)


@pytest.mark.parametrize("pipelined", [False, True])
@pytest.mark.parametrize("sequence", AMBIGUOUS + ODD)
async def test_a_false_end_of_data_stays_inside_where_it_may_pass(
    tmp_path: Path, sequence: bytes, pipelined: bool
) -> None:
    octets = b"Subject: x\r\n\r\nHello." + sequence + SMUGGLED
    around = range(len(b"Subject: x\r\n\r\nHello") - 1, len(octets) - len(SMUGGLED) + 3)
    policy = 'ambiguous_end_of_data = "pass"'
    async with next_hop() as hop, running(tmp_path, hop, policy) as gateway:
        caller = await gateway.call()
        for cut in around:
            assert (await bring(caller, octets, cut, pipelined=pipelined)).startswith("250")
        caller.writer.close()
    plain = octets.replace(b"\r\n.", b"\r\n")
    assert [taken.content for taken in hop.taken] == [plain] * len(around)
    assert not any("evil" in line or "victim" in line for line in hop.heard)


@pytest.mark.parametrize("sequence", ODD)
async def test_what_nobody_takes_for_an_end_passes_as_it_is(
    tmp_path: Path, sequence: bytes
) -> None:
    octets = b"Subject: x\r\n\r\nHello." + sequence + b"\r\nBye.\r\n"
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        caller = await gateway.call()
        assert (await bring(caller, octets, 5, pipelined=False)).startswith("250")
        caller.writer.close()
    assert [taken.content for taken in hop.taken] == [octets.replace(b"\r\n.", b"\r\n")]


@pytest.mark.parametrize(
    "command",
    [
        b"MAIL FROM:<a@x.example\rRCPT TO:<v@y.example>>",
        b"MAIL FROM:<a@x.example\0>",
        b"MAIL FROM:<a@x.example> RET=HDRS\rDATA",
        b"MAIL FROM:<a\x0b@x.example> BODY=8BITMIME\0",
    ],
)
async def test_no_cr_or_nul_of_a_path_reaches_the_next_hop(tmp_path: Path, command: bytes) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        assert (await caller.say(command)).startswith("5")
        assert (await caller.say(b"NOOP")).startswith("250")
    assert not any(line.startswith("MAIL") for line in door.hop.heard)


async def test_a_command_without_an_end_costs_no_memory_and_the_session_goes_on(
    tmp_path: Path,
) -> None:
    async with gateway(tmp_path) as door:
        caller = await door.call()
        for _ in range(64):
            caller.send(b"x" * 65_536)
            await caller.writer.drain()
        caller.send(b"\r\n")
        assert (await caller.reply()).startswith("500")
        assert (await caller.say(b"NOOP")).startswith("250")


SECRET = "cor4ect-h0rse"
STRANGER = 'clients = ["192.0.2.0/24"]\ntrusted_clients = ["192.0.2.0/24"]\n'
DOORS = {
    "relay": "",
    "logins": 'logins = ["crm"]\n',
    "copies by smtp": "copies_only = true\n",
    "copies by lmtp": 'copies_only = true\nprotocol = "lmtp"\n',
}
PROBES = (
    "victim@elsewhere.example", "victim%elsewhere.example@corp.example",
    '"victim@elsewhere.example"',
    "@corp.example:victim@elsewhere.example", "elsewhere.example!victim@corp.example",
    "victim@[127.0.0.1]", "victim@elsewhere.example@corp.example", "victim", "",
    "log@gate.example,victim@elsewhere.example", "log@gate.example> <victim@elsewhere.example",
)  # fmt: skip


@asynccontextmanager
async def strange(tmp_path: Path, hop: NextHop, kind: str) -> AsyncIterator[Running]:
    """Start a gateway to whose listener everybody here is a stranger."""
    text = CONFIG.format(state=tmp_path / "state", hop=hop.port, policy="")
    who = STRANGER if kind in {"relay", "logins"} else ""
    text = text.replace('direction = "inbound"\n', f'direction = "inbound"\n{who}{DOORS[kind]}', 1)
    daemon = Daemon(
        parse_config(text, tmp_path / "replygate.toml", {"REPLYGATE_PASSWORD_CRM": SECRET}),
        maillog.configure("logfmt", "error"),
    )
    await daemon.start()
    try:
        yield Running(daemon, daemon.config.store_path)
    finally:
        await daemon.stop()


async def strange_call(gateway: Running, kind: str) -> Caller:
    server = gateway.daemon.servers["inbound"]
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    caller = Caller(reader, writer)
    await caller.reply()
    await caller.say(b"LHLO x.example" if "lmtp" in kind else b"EHLO x.example")
    return caller


@pytest.mark.parametrize("kind", DOORS)
async def test_no_listener_relays_for_a_stranger(tmp_path: Path, kind: str) -> None:
    async with next_hop() as hop, strange(tmp_path, hop, kind) as gateway:
        caller = await strange_call(gateway, kind)
        for probe in PROBES:
            await caller.say(b"RSET")
            mail = await caller.say(b"MAIL FROM:<a@x.example>")
            assert mail.startswith("2") == ("copies" in kind)
            assert (await caller.say(f"RCPT TO:<{probe}>".encode())).startswith("5")
            assert (await caller.say(b"DATA")).startswith("5")
        caller.writer.close()
    assert not any(line.startswith(("MAIL", "RCPT", "DATA")) for line in hop.heard)


@pytest.mark.parametrize(
    "command",
    [
        b"XFORWARD NAME=inside.corp.example ADDR=192.0.2.1",
        b"XCLIENT ADDR=192.0.2.1 LOGIN=anna@corp.example",
        b"PROXY TCP4 192.0.2.1 127.0.0.1 1 25",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\x7f\0\0\1\0\1\0\x19",
    ],
)
async def test_a_stranger_cannot_say_that_he_is_another(tmp_path: Path, command: bytes) -> None:
    async with next_hop() as hop, strange(tmp_path, hop, "relay") as gateway:
        caller = await strange_call(gateway, "relay")
        caller.send(command + b"\r\n")
        caller.send(b"MAIL FROM:<anna@corp.example>\r\nQUIT\r\n")
        said = (await caller.reader.read()).decode("ascii", "replace")
        caller.writer.close()
    assert said.startswith("5")
    assert not any(line.startswith("MAIL") for line in hop.heard)


def nested(size: int) -> bytes:
    made = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    return letter(Mime_Version="1.0")[:-20] + b"\r\n" + made * (size // len(made))


def wrapped(size: int) -> bytes:
    made = b"Content-Type: message/rfc822\r\n\r\n"
    return made * (size // len(made))


def files(size: int) -> bytes:
    one = b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nThis is prose, and no PDF.\r\n"
    kind = 'multipart/mixed; boundary="b"'
    head = letter(Mime_Version="1.0", Content_Type=kind)
    return head + b"\r\n" + one * (size // len(one)) + b"--b--\r\n"


BOMBS: dict[str, Callable[[int], bytes]] = {
    "nested multiparts": nested,
    "messages in messages": wrapped,
    "files": files,
    "header fields": lambda size: b"X-A: b\r\n" * (size // 8) + b"\r\nx\r\n",
    "one header field": lambda size: b"Subject: " + b"a " * (size // 2) + b"\r\n\r\nx\r\n",
    "folded header field": lambda size: b"Subject: a" + b"\r\n a" * (size // 4) + b"\r\n\r\nx\r\n",
    "addresses": lambda size: b"To: " + b"a@b.example, " * (size // 13) + b"\r\n\r\nx\r\n",
    "comments in an address": lambda size: b"To: " + b"(" * size + b"\r\n\r\nx\r\n",
    "quotes in an address": lambda size: b'To: "' + b"\\" * size + b"\r\n\r\nx\r\n",
    "encoded words": lambda size: b"Subject: " + b"=?utf-8?q?=20?= " * (size // 16) + b"\r\n\r\n",
    "references": lambda size: b"References: " + b"<a@b> " * (size // 6) + b"\r\n\r\nx\r\n",
    "half references": lambda size: b"References: " + b"<" * size + b"\r\n\r\nx\r\n",
    "parameters": lambda size: b"Content-Type: text/plain"
    + b"; a*0*=b" * (size // 8) + b"\r\n\r\nx\r\n",
    "received fields": lambda size: b"Received: from a by b; x\r\n" * (size // 26) + b"\r\nx\r\n",
    "nested html": lambda size: b"Content-Type: text/html\r\n\r\n" + b"<div>" * (size // 5),
    "html attributes": lambda size: b"Content-Type: text/html\r\n\r\n<a " + b"a=b " * (size // 4),
    "html tables": lambda size: b"Content-Type: text/html\r\n\r\n" + b"<table><tr>" * (size // 11),
    "html entities": lambda size: b"Content-Type: text/html\r\n\r\n" + b"&lt" * (size // 3),
    "html comments": lambda size: b"Content-Type: text/html\r\n\r\n" + b"<!--" * (size // 4),
    "quoted lines": lambda size: letter(text="> " * (size // 2)),
    "many quoted lines": lambda size: letter(text="\r\n".join([">" * 50] * (size // 52))),
    "forward headings": lambda size: letter(text="From: a\r\nTo: b\r\n" * (size // 16)),
    "wrote lines": lambda size: letter(text="On 1 Jan 2026, a wrote:\r\n" * (size // 25)),
    "dashes": lambda size: letter(text="-" * size),
    "blanks": lambda size: letter(text=" " * size + "x"),
    "base64 of nothing": lambda size: letter(
        text="=" * size, Content_Transfer_Encoding="base64"),
    "quoted-printable": lambda size: letter(
        text="=\r\n" * (size // 3), Content_Transfer_Encoding="quoted-printable"),
    "escapes of iso-2022-jp": lambda size: b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
    + b"\x1b$B\x1b(B" * (size // 6),
    "utf-7": lambda size: b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + b"+" * size,
}  # fmt: skip
SIZE = 250_000
"""Up to about this size a message is read on the loop, where others wait for it."""


def seconds(octets: bytes) -> float:
    """Return the time that this thread takes to read these octets, the best of three."""
    took = []
    for _ in range(3):
        began = time.thread_time()
        read_message(octets, read_heading(octets))
        took.append(time.thread_time() - began)
    return min(took)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_of_twice_the_size_takes_no_more_than_thrice_the_time(bomb: str) -> None:
    half, whole = seconds(BOMBS[bomb](SIZE // 2)), seconds(BOMBS[bomb](SIZE))
    assert whole < 1.0
    assert whole < 3 * half or whole < 0.1


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_is_delivered_and_holds_nobody_up(tmp_path: Path, bomb: str) -> None:
    octets = BOMBS[bomb](SIZE).replace(b"\r\n.", b"\r\n")
    async with next_hop() as hop, running(tmp_path, hop) as gateway:
        caller = await gateway.call()
        await caller.open(b"<anna@corp.example>")
        began = time.perf_counter()
        caller.send(stuffed(octets if octets.endswith(b"\r\n") else octets + b"\r\n") + b".\r\n")
        said = await caller.reply()
        took = time.perf_counter() - began
        caller.writer.close()
    assert said.startswith(("250", "554 5.4.6"))
    assert took < 10


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.one_of(
            st.sampled_from((
                b"EHLO x\r\n", b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<c@d.example>\r\n",
                b"DATA\r\n", b".\r\n", b"RSET\r\n", b"AUTH PLAIN\r\n", b"STARTTLS\r\n",
                b"XFORWARD ADDR=x\r\n", b"BDAT 5 LAST\r\n", b"\r\n.\r\n", b"MAIL FROM:<>\r\n",
            )),
            st.binary(max_size=40),
        ),
        max_size=14,
    )
)  # fmt: skip
async def test_whatever_a_client_says_the_next_one_is_served(
    tmp_path_factory: pytest.TempPathFactory, said: list[bytes]
) -> None:
    async with gateway(tmp_path_factory.mktemp("any")) as door:
        caller = await door.call(hello=False)
        caller.send(b"".join(said))
        caller.writer.write_eof()
        async with asyncio.timeout(30):
            replies = (await caller.reader.read()).split(b"\r\n")
        assert all(reply[:1] in {b"2", b"3", b"4", b"5"} for reply in replies if reply)
        other = await door.call()
        assert (await other.deliver(b"Subject: x\r\n\r\nx\r\n")).startswith("250")


LOGINS = """
[[listener]]
name = "crm"
address = "127.0.0.1:{port}"
direction = "submission"
clients = []
logins = ["crm"]
"""


async def test_no_secret_is_ever_in_the_log(starter: Zygote, tmp_path: Path) -> None:
    wrong = "wr0ng-h0rse"
    plain = [base64.b64encode(f"\0crm\0{word}".encode()).decode() for word in (SECRET, wrong)]
    environ = {"REPLYGATE_PASSWORD_CRM": SECRET}
    port = free_port()
    more = LOGINS.format(port=port)
    async with gate(starter, tmp_path, more=more, extra=environ) as (made, _):
        made.ports["crm"] = port
        for word in (*plain, "?", plain[0][:-3], f"{plain[0]} {plain[0]}", "=" * 3000):
            caller = await made.call("crm")
            await caller.say(f"AUTH PLAIN {word}".encode())
            await caller.say(f"MAIL FROM:<anna@corp.example> AUTH={SECRET}".encode())
            caller.writer.close()
        said = made.log.read_text()
    for word in (SECRET, wrong, *plain):
        assert word not in said
    for path in made.state.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()

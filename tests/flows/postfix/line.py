"""The whole line: client, Postfix, gateway, Postfix again, last hop."""

from __future__ import annotations

import re
import smtplib
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from tests.flows.postfix.instance import Ports, Postfix
from tests.flows.postfix.last_hop import LastHop, Letter
from tests.flows.postfix.ports import reserved
from tests.flows.postfix.replygate import Replygate

Way = Literal["Behind the queue", "Before the queue"]
WAYS: tuple[Way, ...] = get_args(Way)
COPIES = "Copies"
"""The section of the manual about copies, where mail itself does not pass the gateway."""
ANNA = "anna@corp.example"
JOE = "joe@customer.example"


def commands(postfix: Postfix, way: str) -> list[str]:
    """Return the blocks of shell that conf/postfix/README.md gives for a way."""
    text = (postfix.snippets / "README.md").read_text(encoding="utf-8")
    section = text.split(f"## {way}\n")[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Mail:
    """A message to send; every one has a Message-ID of its own."""

    body: bytes = b"Thank you, we take it.\r\n"
    fields: str = ""
    author: str = JOE
    to: str = ANNA
    message_id: str = field(default_factory=lambda: f"{uuid.uuid4().hex}@customer.example")

    @property
    def content(self) -> bytes:
        head = (
            f"From: {self.author}\r\nTo: {self.to}\r\nSubject: The offer\r\n"
            "Date: Mon, 23 Nov 2026 09:01:00 +0100\r\n"
            f"Message-ID: <{self.message_id}>\r\n{self.fields}\r\n"
        )
        return head.encode() + self.body


@dataclass(frozen=True)
class Line:
    """Everything between a client and the last hop."""

    postfix: Postfix
    gateway: Replygate
    last_hop: LastHop

    def send(
        self,
        content: bytes,
        to: Sequence[str] = (ANNA,),
        sender: str = JOE,
        mail_options: Sequence[str] = (),
        rcpt_options: Sequence[str] = (),
        *,
        submission: bool = False,
    ) -> tuple[dict[str, tuple[int, bytes]], tuple[int, bytes]]:
        """Send by port 25 or submission; return the refused recipients, and the last reply."""
        ports = self.postfix.ports
        refused: dict[str, tuple[int, bytes]] = {}
        door = ports.submission if submission else ports.smtp
        with smtplib.SMTP("127.0.0.1", door, "client.example", timeout=60) as client:
            client.ehlo()
            reply = client.mail(sender, mail_options)
            assert reply[0] == 250, reply
            for recipient in to:
                reply = client.rcpt(recipient, rcpt_options)
                if reply[0] != 250:
                    refused[recipient] = reply
            if len(refused) < len(to):
                reply = client.data(content)
        return refused, reply

    def arrived(self, message_id: str) -> Letter:
        """Wait for a message at the last hop."""
        return self.last_hop.letter(lambda letter: message_id.encode() in letter.content)


@contextmanager
def line(way: Way) -> Iterator[Line]:
    """Start the whole line, set up by the very commands of the manual."""
    with ExitStack() as open_:
        ports = Ports(*open_.enter_context(reserved(5)))
        last_hop = open_.enter_context(LastHop())
        postfix = open_.enter_context(Postfix(ports, last_hop.port))
        postfix.run(commands(postfix, way)[0], cwd=postfix.snippets)
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="replygate-")))
        behind = way == "Behind the queue"
        gateway = Replygate(folder, ports.back, ports.inbound, ports.outbound, say_decision=behind)
        yield Line(postfix, open_.enter_context(gateway), last_hop)

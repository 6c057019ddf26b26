"""The four messages that are measured, made anew each time: S, M, L and XL.

S is a reply of 3 KB (text and HTML), M carries a file of 70 KB, L one of 10 MB, XL one of 50 MB,
which is the limit of the log. All in wire form: CRLF, dots doubled, no final dot.
"""

from __future__ import annotations

import base64
import random
import textwrap
from collections.abc import Mapping
from pathlib import Path

ID = "0000000000000000"
"""What the load tool turns into a number of its own for each message."""
ZIP = b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(16) + b"\x08\0\0\0plan.dwg"
FILES: Mapping[str, tuple[str, str, bytes, int]] = {
    "M": ("offer-4711.pdf", "application/pdf", b"%PDF-1.7\n", 70_000),
    "L": ("drawings.zip", "application/zip", ZIP, 10_000_000),
    "XL": ("site-visit.mp4", "video/mp4", b"\0\0\0\x18ftypmp42", 50_000_000),
}
"""Name, type, how such a file begins, and its size; the rest is chance, as packed octets are."""
WORDS = (
    "about account after again agree and answer attached because before best budget call change "
    "contract customer date delivery design draft each enclosed for from goods have invoice items "
    "kind letter meeting monday month need next number offer order our page payment please price "
    "project quality question ready regards reply review sample schedule send shipment signed "
    "some soon supply team thank that the their this total until update visit week when with you"
)
HEAD = """\
Received: from relay.customer.example (relay.customer.example [192.0.2.25])
\tby mx.corp.example with ESMTPS id 1A2B3C4D5E; Mon, 23 Nov 2026 08:00:02 +0000 (UTC)
Received: from [198.51.100.7] (office.customer.example [198.51.100.7])
\tby relay.customer.example with ESMTPSA id 9F8E7D6C5B; Mon, 23 Nov 2026 08:00:01 +0000 (UTC)
Message-ID: <{id}.{kind}@mail.customer.example>
Date: Mon, 23 Nov 2026 09:00:00 +0100
From: =?UTF-8?Q?Joe_M=C3=BCller?= <joe@customer.example>
To: Anna Arai <anna@corp.example>
Cc: "Office, Main" <office@customer.example>
Subject: =?UTF-8?Q?Re:_Your_offer_f=C3=BCr_Projekt?= 4711
In-Reply-To: <{parents[4]}>
References: <{parents[0]}>
 <{parents[1]}> <{parents[2]}>
 <{parents[3]}> <{parents[4]}>
MIME-Version: 1.0
User-Agent: Mail of a customer/11.2
Content-Type: {kind_of_body}
"""


def write(folder: Path) -> Mapping[str, Path]:
    """Write the messages into a folder and return their files by name."""
    chance = random.Random(4711)
    made = {"S": _reply(chance)}
    made |= {name: _with_file(name, chance) for name in FILES}
    files = {name: folder / f"{name}.wire" for name in made}
    for name, content in made.items():
        files[name].write_bytes(content)
    return files


def small() -> bytes:
    """Return S alone, which takes no time to make."""
    return _reply(random.Random(4711))


def _reply(chance: random.Random) -> bytes:
    head = _head("S", 'multipart/alternative; boundary="=_inner"', chance)
    return _wire(head + "\n" + _both_texts(chance))


def _with_file(name: str, chance: random.Random) -> bytes:
    file, media_type, begin, octets = FILES[name]
    head = _head(name, 'multipart/mixed; boundary="=_outer"', chance)
    before = f"""
--=_outer
Content-Type: multipart/alternative; boundary="=_inner"

{_both_texts(chance)}
--=_outer
Content-Type: {media_type}; name="{file}"
Content-Disposition: attachment; filename="{file}"; size={octets}
Content-Transfer-Encoding: base64

"""
    packed = begin + chance.randbytes(octets - len(begin))
    encoded = base64.encodebytes(packed).replace(b"\n", b"\r\n")
    return _wire(head + before) + encoded + _wire("--=_outer--\n")


def _head(name: str, kind_of_body: str, chance: random.Random) -> str:
    parents = [f"{chance.getrandbits(96):024x}@corp.example" for _ in range(5)]
    return HEAD.format(id=ID, kind=name.lower(), kind_of_body=kind_of_body, parents=parents)


def _both_texts(chance: random.Random) -> str:
    new, old = _words(chance, 60), _words(chance, 50)
    quoted = textwrap.fill(old, 70, initial_indent="> ", subsequent_indent="> ")
    shown = "".join(f"<p>{_words(chance, 20)}=\n {_words(chance, 7)}</p>\n" for _ in range(3))
    return f"""\
--=_inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

{textwrap.fill(new, 72)}
.. and so on, as we said on the telephone.

On Mon, Nov 23, 2026 at 8:00 AM Anna Arai <anna@corp.example> wrote:
{quoted}

--=20
Joe M=C3=BCller
Customer Ltd.

--=_inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<html><body style=3D"font: 11pt sans-serif">
{shown}<blockquote type=3D"cite">{textwrap.fill(old, 70)}</blockquote>
</body></html>

--=_inner--
"""


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS.split(), k=count))


def _wire(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("ascii")

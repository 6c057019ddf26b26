"""SMTP from a client, one method for each command.

What stays aiosmtpd's: STARTTLS and the AUTH mechanisms. What is ours beside session.py, and why
(aiosmtpd 1.4.6, pinned):

- paths and options keep their case, and no option is refused for being unknown (#367); `<>` is
  the empty string;
- MAIL and RCPT are put to the next hop at once, and its replies are ours (D-1);
- XFORWARD comes from trusted clients only, XCLIENT from nobody;
- PIPELINING and ENHANCEDSTATUSCODES are offered; 8BITMIME, SMTPUTF8, DSN and SIZE when the next
  hop offers them; CHUNKING, BINARYMIME, VRFY and ETRN never.

Standards: RFC 5321, RFC 1870, RFC 2920, RFC 3461, RFC 4954, RFC 6531; Postfix XFORWARD_README.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import structlog
from aiosmtpd.smtp import AuthResult, _AuthMechAttr

from gateway.intake import words
from gateway.intake.listeners import LOOPBACK, Listener, Sessions, Wiring, is_within
from gateway.intake.nameless import NamelessMap
from gateway.intake.paths import parse_path
from gateway.intake.postmaster import is_postmaster
from gateway.intake.receiver import Receiver
from gateway.intake.session import ClientSession, Commands, place_of
from gateway.intake.stock import StockReceiver
from gateway.intake.transaction import Transaction
from gateway.intake.xforward import ATTRIBUTES, address_of, known, parse_xforward
from gateway.mail.addresses import key_of
from gateway.model.envelope import Client, Content, Envelope, Reply

MIRRORED: Final = ("8BITMIME", "SMTPUTF8", "DSN")

_log = structlog.get_logger(__name__)


class SmtpSession(ClientSession):
    """A client's SMTP session."""

    def __init__(self, listener: Listener, wiring: Wiring, sessions: Sessions) -> None:
        super().__init__(listener, wiring, sessions)
        self.login = ""
        self._transaction: Transaction | None = None
        self._forwarded: dict[str, str] = {}
        self._helo = ""
        if listener.check_login is not None:
            self._auth_require_tls = listener.tls is not None
            self._auth_methods = {
                "PLAIN": _AuthMechAttr(self.auth_PLAIN, True),
                "LOGIN": _AuthMechAttr(self.auth_LOGIN, True),
            }
            self._handle_hooks: dict[str, Callable[..., Any]] = {}

    def begin(self) -> None:
        """Forget EHLO and login."""
        self._helo = ""
        self.login = ""
        self._forwarded = {}

    async def end(self) -> None:
        """Take the open transaction back, and what XFORWARD said for it."""
        self._forwarded = {}
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            await transaction.abort()

    async def on_helo(self, argument: bytes) -> None:
        """Greet a client of the old kind."""
        await self._hello(argument, (), extended=False)

    async def on_ehlo(self, argument: bytes) -> None:
        """Greet a client, and offer what the next hop offers."""
        keywords: Mapping[str, str] = {}
        if not self.listener.copies_only:
            keywords = await self.wiring.next_hop.extensions()
        mirrored = (
            MIRRORED
            if self.listener.copies_only
            else [keyword for keyword in MIRRORED if keyword in keywords]
        )
        offers = ["PIPELINING", "ENHANCEDSTATUSCODES", *mirrored]
        if size := self._size_limit(keywords):
            offers.append(f"SIZE {size}")
        if self.trusted:
            offers.append("XFORWARD " + " ".join(ATTRIBUTES))
        if self.tls_context is not None and self._tls_protocol is None:
            offers.append("STARTTLS")
        if self._offers_auth:
            offers.append("AUTH PLAIN LOGIN")
        await self._hello(argument, offers, extended=True)

    async def on_mail(self, argument: bytes) -> None:
        """Put MAIL to the next hop."""
        refusal = self._refuse_mail()
        path = parse_path(argument, b"FROM:")
        if refusal is None and path is None:
            refusal = words.BAD_SYNTAX
        if refusal is not None or path is None:
            self.say(refusal or words.BAD_SYNTAX)
            return
        size = path.option("SIZE") or "0"
        if not (size.isascii() and size.isdigit()):
            self.say(words.BAD_SYNTAX)
            return
        if self.listener.size_limit and int(size) > self.listener.size_limit:
            self.say(words.TOO_LARGE)
            return
        if not self.wiring.flight.has_room(int(size)):
            self.say(words.NO_ROOM)
            return
        client = self._client()
        copies = self.listener.copies_only
        delivery = self.wiring.consumed() if copies else self.wiring.next_hop.delivery(client)
        transaction = Transaction(delivery, path, client)
        reply = await transaction.offer_mail(path.addr_spec, path.options)
        if reply.accepted:
            self._transaction = transaction
        self._repeat(reply)

    async def on_rcpt(self, argument: bytes) -> None:
        """Put RCPT to the next hop, unless the recipient is ours."""
        transaction = self._transaction
        path = parse_path(argument, b"TO:")
        if transaction is None:
            self.say(words.MAIL_FIRST)
        elif path is None or not path.addr_spec:
            self.say(words.BAD_SYNTAX)
        elif len(transaction.recipients) >= self.listener.recipients_limit:
            self.say(words.TOO_MANY_RECIPIENTS)
        elif self.wiring.is_ours(key := key_of(path.addr_spec)):
            turned = self.wiring.turns_away(transaction.client, transaction.mail_from, key)
            self.say(words.FLOOD if turned else transaction.take(path))
        elif self.listener.copies_only and is_postmaster(path.addr_spec, self.listener.own_domains):
            self.say(transaction.take(path))
        elif self.listener.copies_only:
            self.say(words.NO_RELAY)
        else:
            self._repeat(await transaction.offer_rcpt(path.addr_spec, path.options))

    async def on_data(self, argument: bytes) -> None:
        """Take the content and let the gateway decide."""
        transaction = self._transaction
        if transaction is None or argument:
            self.say(words.BAD_SYNTAX if argument else words.MAIL_FIRST)
            return
        if not transaction.recipients:
            self.say(words.NO_RECIPIENTS)
            return
        if not self.trusted and not self._lines.is_empty:
            self._part(words.TOO_EARLY)
            return
        if not self.wiring.flight.has_room():
            self.say(words.NO_ROOM)
            return
        self.say(words.GO_AHEAD)
        receiver = self._new_receiver(transaction)
        try:
            if await self.receive_content(receiver):
                await self._take_message(transaction, receiver)
        finally:
            receiver.drop()
            await self.end()

    def _new_receiver(self, transaction: Transaction) -> Receiver | StockReceiver:
        listener, wiring = self.listener, self.wiring
        if listener.receiver == "stock":
            return StockReceiver(self._lines, listener.size_limit)
        return Receiver(
            wiring.spool,
            listener.size_limit,
            wiring.memory_octets,
            refuse_ambiguous=listener.ambiguous_end == "refuse",
            on_large=transaction.follow,
            flight=wiring.flight,
        )

    async def on_rset(self, argument: bytes) -> None:
        """Take the transaction back."""
        if argument:
            self.say(words.BAD_SYNTAX)
            return
        await self.end()
        self.say(words.OK)

    async def on_noop(self, argument: bytes) -> None:
        """Do nothing."""
        del argument
        self.say(words.OK)

    async def on_quit(self, argument: bytes) -> None:
        """Take leave."""
        del argument
        self.say(words.BYE)
        self._leaving = True

    async def on_xforward(self, argument: bytes) -> None:
        """Note what a trusted client says of the client behind it."""
        if not self.trusted:
            self.say(words.NOT_TRUSTED)
        elif self._transaction is not None:
            self.say(words.NESTED)
        elif (told := parse_xforward(argument)) is None:
            self.say(words.BAD_SYNTAX)
        else:
            self._forwarded |= told
            self.say(words.OK)

    async def on_starttls(self, argument: bytes) -> None:
        """Go on in TLS, with nothing kept of what was said before."""
        if self.tls_context is None or self._tls_protocol is not None:
            self.say(words.NOT_HERE)
            return
        await self.end()
        await self.smtp_STARTTLS(argument.decode("ascii", "replace"))

    async def on_auth(self, argument: bytes) -> None:
        """Check a login."""
        if not self._offers_auth or self._transaction is not None:
            self.say(words.NOT_HERE if self._transaction is None else words.NESTED)
            return
        if not self._helo:
            self.say(words.HELLO_FIRST)
            return
        mechanism, _, rest = argument.decode("ascii", "replace").partition(" ")
        await self.smtp_AUTH(f"{mechanism.upper()} {rest}".strip())
        if not self.login:
            self._lose_patience()

    async def on_unoffered(self, argument: bytes) -> None:
        """Refuse what is offered to nobody."""
        del argument
        self.say(words.NOT_HERE)

    COMMANDS: ClassVar[Commands] = {
        b"HELO": on_helo,
        b"EHLO": on_ehlo,
        b"MAIL": on_mail,
        b"RCPT": on_rcpt,
        b"DATA": on_data,
        b"RSET": on_rset,
        b"NOOP": on_noop,
        b"QUIT": on_quit,
        b"XFORWARD": on_xforward,
        b"STARTTLS": on_starttls,
        b"AUTH": on_auth,
        **dict.fromkeys(
            (b"VRFY", b"EXPN", b"ETRN", b"BDAT", b"HELP", b"XCLIENT", b"TURN"), on_unoffered
        ),
    }

    @property
    def _offers_auth(self) -> bool:
        """AUTH goes over TLS, or stays on this machine."""
        if self.listener.check_login is None:
            return False
        return self._tls_protocol is not None or is_within(self.address, LOOPBACK)

    async def _hello(self, argument: bytes, offers: Sequence[str], *, extended: bool) -> None:
        name = argument.decode("utf-8", "replace")
        if not name:
            self.say(words.BAD_SYNTAX)
            return
        await self.end()
        self._helo = name
        assert self.session is not None  # noqa: S101 - the connection is made
        self.session.host_name = name
        self.session.extended_smtp = extended
        self.say(Reply(250, (self.hostname, *offers)))

    def _refuse_mail(self) -> Reply | None:
        """Return why this client may not begin a transaction now, or None."""
        if not self._helo:
            return words.HELLO_FIRST
        if self._transaction is not None:
            return words.NESTED
        if self.login or is_within(self.address, self.listener.clients):
            return None
        return words.LOGIN_FIRST if self.listener.check_login is not None else words.NO_ENTRY

    def _size_limit(self, keywords: Mapping[str, str]) -> int:
        """Return the smaller of our limit and the next hop's; 0 is none."""
        told = keywords.get("SIZE", "")
        limits = (self.listener.size_limit, int(told) if told.isdigit() else 0)
        return min(filter(None, limits), default=0)

    def _client(self) -> Client:
        told = self._forwarded
        return Client(
            address=address_of(told) or self.address,
            name=known(told, "NAME"),
            helo=known(told, "HELO") or self._helo,
            login=self.login,
            trusted=self.trusted,
            forwarded=told,
            mta=self.address if self.trusted else "",
        )

    def _repeat(self, reply: Reply) -> None:
        """Say the next hop's reply; after 421 nothing more can be said."""
        if reply.code == 421:
            self._part(reply)
        else:
            self.say(reply)

    async def _take_message(
        self, transaction: Transaction, receiver: Receiver | StockReceiver
    ) -> None:
        await receiver.settle()
        content = self._content(receiver)
        if isinstance(content, Reply):
            self._answer(transaction, content)
            return
        if not transaction.offered and not self.listener.copies_only:
            await transaction.consume(self.wiring.consumed())
        try:
            handled = await self.wiring.receive(self._envelope(transaction, content), transaction)
        except Exception as error:
            relayed = transaction.relayed
            if relayed is None or relayed.reply is None:
                raise
            _log.error("receive-defect", listener=self.listener.name, at=place_of(error))
            self._repeat(relayed.reply)
            return
        if handled.reply.code == 421:
            self._part(handled.reply)
        else:
            # A stranger who sends a copy learns nothing by it.
            is_known = self.trusted or bool(self.login)
            more = handled.words if self.listener.say_decision and is_known else ""
            self._answer(transaction, handled.reply, more)

    def _answer(self, transaction: Transaction, reply: Reply, more: str = "") -> None:
        """Say the reply to a message."""
        del transaction
        self.say(reply, more)

    def _content(self, receiver: Receiver | StockReceiver) -> Content | Reply:
        """Return the content that was received, or why it is refused."""
        if receiver.too_large:
            return words.TOO_LARGE
        if receiver.no_room:
            return words.NO_ROOM
        try:
            content = receiver.content()
        except OSError as error:
            _log.error("spool-unavailable", listener=self.listener.name, error=str(error))
            return words.DISK
        if content.traits.ambiguous_end and self.listener.ambiguous_end == "refuse":
            return words.AMBIGUOUS
        if isinstance(content.octets, NamelessMap):
            # While it is read and passed on; most mail of this size is kept.
            self.loop.run_in_executor(None, content.octets.write_back)
        return content

    def _envelope(self, transaction: Transaction, content: Content) -> Envelope:
        client = transaction.client
        return Envelope(
            route=self.listener.name,
            direction=self.listener.direction,
            mail_from=transaction.mail_from,
            recipients=tuple(transaction.recipients),
            content=content,
            received_at=datetime.now(UTC),
            client=client,
            mail_options=transaction.mail_options,
            queue_id=known(dict(client.forwarded), "IDENT"),
            by_crm=bool(client.login) and client.login in self.listener.crm_logins,
        )

    def _authenticate(self, mechanism: str, auth_data: Any) -> AuthResult:
        """Answer aiosmtpd's AUTH."""
        del mechanism
        login = auth_data.login.decode("utf-8", "replace")
        check = self.listener.check_login
        if check is None or not check(login, auth_data.password.decode("utf-8", "replace")):
            return AuthResult(success=False, handled=False)
        self.login = login
        return AuthResult(success=True)

"""The state of one connection of an MTA: events become a message, and our short answers.

Pure: the content goes where the caller said.

Limits: a recipient that another filter refuses after us is still listed, for nobody tells us.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from gateway.intake.listeners import Network, is_within
from gateway.intake.milter import codec
from gateway.intake.milter.codec import Actions, Event, ProtocolError, Steps
from gateway.intake.milter.letter import Draft, Letter, addr_spec_of
from gateway.intake.milter.settings import MilterSettings
from gateway.model.envelope import Client, Direction

WANTED = (
    Steps.LEADING_SPACE
    | Steps.NO_UNKNOWN
    | Steps.NO_REPLY_CONNECT
    | Steps.NO_REPLY_HELO
    | Steps.NO_REPLY_MAIL
    | Steps.NO_REPLY_RCPT
    | Steps.NO_REPLY_DATA
    | Steps.NO_REPLY_UNKNOWN
    | Steps.NO_REPLY_HEADER
    | Steps.NO_REPLY_END_OF_HEADER
    | Steps.NO_REPLY_BODY
)
"""With all of these the MTA waits for us once per message, at its end."""

_SILENCED_BY: Mapping[type[Event], Steps] = {
    codec.Connect: Steps.NO_REPLY_CONNECT,
    codec.Helo: Steps.NO_REPLY_HELO,
    codec.Mail: Steps.NO_REPLY_MAIL,
    codec.Rcpt: Steps.NO_REPLY_RCPT,
    codec.Data: Steps.NO_REPLY_DATA,
    codec.UnknownCommand: Steps.NO_REPLY_UNKNOWN,
    codec.HeaderField: Steps.NO_REPLY_HEADER,
    codec.EndOfHeader: Steps.NO_REPLY_END_OF_HEADER,
    codec.Body: Steps.NO_REPLY_BODY,
}
_CLIENT_STAGES = (b"C", b"H")
_MESSAGE_STAGES = (b"M", b"R", b"T", b"L", b"N", b"B", b"E")
_STAGES = (*_CLIENT_STAGES, *_MESSAGE_STAGES)


class _Stage(Enum):
    """How far the dialogue has come."""

    NEW = auto()
    NEGOTIATED = auto()
    CLIENT = auto()
    ENVELOPE = auto()
    HEADER = auto()
    BODY = auto()


# Looked up for each event: a tuple finds what is the same without asking for its hash.
_IN_MESSAGE = (_Stage.BODY, _Stage.HEADER, _Stage.ENVELOPE)
_TALKING = (*_IN_MESSAGE, _Stage.CLIENT, _Stage.NEGOTIATED)
_ALLOWED: Mapping[type[Event], tuple[_Stage, ...]] = {
    codec.Negotiate: (_Stage.NEW,),
    codec.Macros: _TALKING,
    codec.Connect: (_Stage.NEGOTIATED,),
    # Postfix tells of a HELO in the middle of a transaction before it aborts that.
    codec.Helo: (_Stage.CLIENT, _Stage.ENVELOPE),
    codec.Mail: (_Stage.CLIENT,),
    codec.Rcpt: (_Stage.ENVELOPE,),
    codec.Data: (_Stage.ENVELOPE,),
    codec.HeaderField: (_Stage.HEADER, _Stage.ENVELOPE),
    codec.EndOfHeader: (_Stage.HEADER, _Stage.ENVELOPE),
    codec.Body: _IN_MESSAGE,
    codec.EndOfMessage: _IN_MESSAGE,
    codec.Abort: _TALKING,
    codec.Quit: tuple(_Stage),
    codec.QuitNewConnection: _TALKING,
    codec.UnknownCommand: _TALKING,
}


class Session:
    """One connection of an MTA, with any number of clients and messages."""

    def __init__(
        self,
        settings: MilterSettings,
    ) -> None:
        self._settings = settings
        self._stage = _Stage.NEW
        self._actions = Actions.NONE
        self._leading_space = False
        self._answered = frozenset(_SILENCED_BY)
        """Kinds of events that the MTA waits for an answer to."""
        self._macros: dict[bytes, Mapping[str, str]] = {}
        self._connect = codec.Connect("", b"U")
        self._helo = ""
        self._draft: Draft | None = None
        self.ended = False

    @property
    def idle(self) -> bool:
        """Whether no message is under way."""
        return self._draft is None

    def apply(self, event: Event) -> bytes:
        """Take an event and return what to answer at once, often nothing.

        After EndOfMessage the answer is the caller's, who calls `take` first. Raises
        ProtocolError for an event out of order.
        """
        if self._stage not in _ALLOWED[type(event)]:
            raise ProtocolError(f"{type(event).__name__} out of order ({self._stage.name.lower()})")
        match event:
            case codec.Macros():
                self._keep_macros(event)
                return b""
            case codec.HeaderField() | codec.Body() | codec.EndOfMessage():
                self._gather(event)
            case codec.Negotiate():
                return self._negotiate(event)
            case codec.Abort():
                self._end_message()
            case codec.QuitNewConnection():
                self._end_client()
            case codec.Quit():
                self.ended = True
            case codec.Connect() | codec.Helo():
                self._meet(event)
            case _:
                self._gather(event)
        return codec.CONTINUE if type(event) in self._answered else b""

    def take(self) -> Letter:
        """Return the message whose end was just told; its content is the caller's now."""
        draft = self._under_way
        told = self._told()
        client = self._client(told)
        letter = Letter(
            route=self._settings.name,
            direction=self._direction(client, draft),
            client=client,
            mail=draft.mail,
            recipients=tuple(draft.recipients),
            queue_id=told.get("i", ""),
            by_crm=client.login in self._settings.crm_logins,
            content=draft.hand_over(),
            trouble=draft.trouble,
            may_delete=Actions.DELETE_RECIPIENT in self._actions,
        )
        self._end_message()
        return letter

    def drop(self) -> None:
        """Let go of a message that did not come to its end."""
        if self._draft is not None:
            self._draft.close()
        self._draft = None

    def _negotiate(self, offer: codec.Negotiate) -> bytes:
        wanted = Actions.NONE
        if self._settings.delete_logging_recipients:
            wanted = Actions.DELETE_RECIPIENT
        self._actions = offer.actions & wanted
        steps = offer.steps & WANTED
        self._leading_space = Steps.LEADING_SPACE in steps
        self._answered = frozenset(k for k, step in _SILENCED_BY.items() if step not in steps)
        self._stage = _Stage.NEGOTIATED
        version = min(offer.version, codec.VERSION)
        return codec.negotiated(version, self._actions, steps)

    def _keep_macros(self, event: codec.Macros) -> None:
        if event.stage in _STAGES:
            self._macros[event.stage] = event.values

    def _meet(self, event: codec.Connect | codec.Helo) -> None:
        if isinstance(event, codec.Connect):
            self._connect = event
            self._stage = _Stage.CLIENT
        else:
            self._helo = event.name

    def _gather(self, event: Event) -> None:
        """Add to the message under way; MAIL begins one."""
        match event:
            case codec.HeaderField(name, value):
                self._under_way.add_field(name, value, space_is_sent=self._leading_space)
                self._stage = _Stage.HEADER
            case codec.Body(octets) | codec.EndOfMessage(octets):
                self._under_way.add_body(octets)
                self._stage = _Stage.BODY
            case codec.EndOfHeader():
                self._under_way.end_header()
                self._stage = _Stage.BODY
            case codec.Mail():
                self._draft = Draft(event, self._settings.folder, self._settings.size_limit)
                self._stage = _Stage.ENVELOPE
            case codec.Rcpt():
                self._under_way.add_recipient(event)

    @property
    def _under_way(self) -> Draft:
        if self._draft is None:
            raise ProtocolError("no message is under way")
        return self._draft

    def _end_message(self) -> None:
        self.drop()
        for stage in _MESSAGE_STAGES:
            self._macros.pop(stage, None)
        if self._stage in _IN_MESSAGE:
            self._stage = _Stage.CLIENT

    def _end_client(self) -> None:
        self.drop()
        self._macros.clear()
        self._connect = codec.Connect("", b"U")
        self._helo = ""
        self._stage = _Stage.NEGOTIATED

    def _told(self) -> dict[str, str]:
        """Return the newest value of each macro that is not empty."""
        known = (self._macros[stage] for stage in _STAGES if stage in self._macros)
        return {name: value for values in known for name, value in values.items() if value}

    def _client(self, told: Mapping[str, str]) -> Client:
        named = {"TLS_VERSION": "tls_version", "CIPHER": "cipher"}
        return Client(
            # A client on a unix socket, or of no address at all, is on the MTA's machine.
            address=self._connect.address if self._connect.family in b"46" else "",
            name=self._connect.name,
            helo=self._helo,
            login=told.get("auth_authen", ""),
            trusted=True,
            forwarded={ours: told[name] for ours, name in named.items() if name in told},
            mta=told.get("j", ""),
        )

    def _direction(self, client: Client, draft: Draft) -> Direction:
        if client.login:
            return Direction.OUTGOING
        # Delivery reports that the MTA makes itself come from its own address, to our users.
        is_report = addr_spec_of(draft.mail.path) == ""
        own = _is_within(client.address, self._settings.submission_networks)
        return Direction.OUTGOING if own and not is_report else Direction.INCOMING


def _is_within(address: str, networks: tuple[Network, ...]) -> bool:
    """Return whether the MTA's client is of these networks; what is no address is of none."""
    try:
        return is_within(address, networks)
    except ValueError:
        return False

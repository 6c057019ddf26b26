"""What we say to clients: replies as octets, and our own replies: pure.

Standards: RFC 5321 §4.2 (a reply line has at most 512 octets), RFC 3463 (enhanced codes).
"""

from __future__ import annotations

from typing import Final

from gateway.model.envelope import Reply

LINE_OCTETS: Final = 510

OK: Final = Reply(250, ("2.0.0 Ok",))
GO_AHEAD: Final = Reply(354, ("End data with <CR><LF>.<CR><LF>",))
BYE: Final = Reply(221, ("2.0.0 Bye",))
BUSY: Final = Reply(421, ("4.7.0 Too many sessions; try again later",))
STOPPING: Final = Reply(421, ("4.3.2 The gateway is stopping; try again later",))
TIMED_OUT: Final = Reply(421, ("4.4.2 You have said nothing for too long",))
TOO_SLOW: Final = Reply(421, ("4.4.2 Your message comes in too slowly",))
ENOUGH: Final = Reply(421, ("4.7.0 Too many errors",))
TROUBLE: Final = Reply(451, ("4.3.0 Something went wrong here; try again later",))
DISK: Final = Reply(452, ("4.3.1 No room for this message now; try again later",))
NO_ROOM: Final = Reply(452, ("4.3.1 Too much is under way now; try again later",))
TOO_MANY_RECIPIENTS: Final = Reply(452, ("4.5.3 Too many recipients",))
NOT_RECOGNIZED: Final = Reply(500, ("5.5.2 Command not recognized",))
TOO_LONG: Final = Reply(500, ("5.5.2 Line too long",))
ODD_OCTETS: Final = Reply(500, ("5.5.2 CR or NUL inside a command",))
FLOOD: Final = Reply(450, ("4.7.1 Too many messages of yours within the hour; try again later",))
BAD_SYNTAX: Final = Reply(501, ("5.5.4 Syntax error in the argument",))
NOT_HERE: Final = Reply(502, ("5.5.1 Command not implemented",))
HELLO_FIRST: Final = Reply(503, ("5.5.1 Say EHLO first",))
NESTED: Final = Reply(503, ("5.5.1 A transaction is open already",))
MAIL_FIRST: Final = Reply(503, ("5.5.1 Say MAIL first",))
NO_RECIPIENTS: Final = Reply(554, ("5.5.1 No valid recipients",))
NOT_TRUSTED: Final = Reply(550, ("5.7.0 XFORWARD is for trusted clients",))
LOGIN_FIRST: Final = Reply(530, ("5.7.0 Authentication required",))
NO_ENTRY: Final = Reply(554, ("5.7.1 You may not send mail through this gateway",))
NO_RELAY: Final = Reply(550, ("5.7.1 Only addresses of the gateway itself are taken here",))
TOO_EARLY: Final = Reply(554, ("5.5.0 Octets before the reply to DATA",))
TOO_LARGE: Final = Reply(552, ("5.3.4 The message is larger than the limit",))
AMBIGUOUS: Final = Reply(
    550, ("5.6.0 A line with only a dot between odd line ends, which some take for the end",)
)


def encode(reply: Reply, words: str = "") -> bytes:
    """Return a reply as octets, with words of ours behind its last line."""
    lines = reply.text or ("",)
    last = lines[-1]
    if words:
        tail = f" [replygate: {words}]"
        last = last[: max(0, LINE_OCTETS - 4 - len(tail))] + tail
    code = reply.code
    if len(lines) == 1:
        return f"{code} {last}\r\n".encode("ascii", "replace")
    head = "".join(f"{code}-{line}\r\n" for line in lines[:-1])
    return f"{head}{code} {last}\r\n".encode("ascii", "replace")

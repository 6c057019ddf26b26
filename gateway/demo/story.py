"""The story, as data: a chapter for each statement of the source (S1 to S16), one on copies.

A step is a letter that is sent, a command that is run, or a look at what holds now. What a step
must show is written as `outcome reason`, one for both presets or one for each.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.demo.letters import Letter, address_of

MARK = (("X-Log-To-CRM", "yes"),)
LIMIT = 50_000_000


@dataclass(frozen=True, slots=True)
class Shows:
    """What must be shown, by preset."""

    hubspot_2020: str
    gateway: str

    def under(self, preset: str) -> str:
        """Return what is expected under this preset."""
        return self.gateway if preset == "gateway" else self.hubspot_2020


@dataclass(frozen=True, slots=True)
class Send:
    """A letter goes its way."""

    letter: Letter
    shows: Shows
    notes: tuple[str, ...] = ()
    """Reasons of notes that must be on it."""
    note: Shows | None = None
    """The reason of a note that must be on it, where the presets differ."""


@dataclass(frozen=True, slots=True)
class Run:
    """A `replygate` command."""

    command: str
    prints: str = ""
    """What its output must contain."""


@dataclass(frozen=True, slots=True)
class Look:
    """What holds now for a letter that was sent before."""

    letter: str
    shows: Shows


Step = Send | Run | Look


@dataclass(frozen=True, slots=True)
class Chapter:
    """One statement of the source, played."""

    statement: str
    title: str
    steps: tuple[Step, ...]


def both(shown: str) -> Shows:
    """Return an expectation that holds under either preset."""
    return Shows(shown, shown)


TRACKED = both("logged tracked-reply")
OPTED_IN = both("logged opted-in")

PROLOGUE = (
    Run("user add anna@corp.example --name 'Anna Arai'"),
    Run("user add bob@corp.example --name 'Bob Berg'"),
    Run("user add max@corp.example --name 'Max Mori'"),
    Run("mailbox add anna@corp.example --user anna@corp.example --provider google"),
    Run("mailbox add bob@corp.example --user bob@corp.example --provider imap"),
    Run("mailbox add max@corp.example --user max@corp.example --provider microsoft365"),
    Run("mailbox add sales@corp.example --shared --provider google"),
    Run("contact add dave@dorn.example --name 'Dave Dorn'"),
    Run("contact add frank@fujii.example --name 'Frank Fujii'"),
)

STORY = (
    Chapter(
        "S1",
        "A marked message is logged, and its reply by itself",
        (
            Send(Letter("s1-offer", "anna", "carol", "Here is our offer.", fields=MARK), OPTED_IN),
            Send(
                Letter("s1-reply", "carol", "anna", "Thank you, looks good!", "s1-offer"), TRACKED
            ),
        ),
    ),
    Chapter(
        "S2",
        "New mail from a contact is logged by forwarding it",
        (
            Send(
                Letter("s2-question", "dave", "anna", "Do you deliver to Oslo?"),
                Shows("not_logged not-a-reply", "logged received"),
            ),
            Send(
                Letter("s2-forward", "anna", "log", "For the record.", encloses="s2-question"),
                Shows("logged logged-by-forward", "duplicate forward-of-seen"),
            ),
            Look("s2-question", both("logged logged-by-forward")),
        ),
    ),
    Chapter(
        "S3",
        "Files up to 50 MB are logged; larger ones are listed, not stored",
        (
            Send(
                Letter("s3-fits", "carol", "anna", "Just fits.", "s1-offer", file=("a.bin", LIMIT)),
                TRACKED,
            ),
            Send(
                Letter(
                    "s3-over", "carol", "anna", "Too big.", "s1-offer", file=("b.bin", LIMIT + 1)
                ),
                both("partial tracked-reply"),
                notes=("attachment-too-large",),
            ),
            Send(Letter("s3-team", "kim", "sales", "Who can help me?"), both("logged team-mail")),
        ),
    ),
    Chapter(
        "S4",
        "A scanner holds a file back, and sends the message again when it is done",
        (
            Send(
                Letter(
                    "s4-contract",
                    "carol",
                    "anna",
                    "The signed contract.",
                    "s1-offer",
                    file=("ATP Scan In Progress.eml", 300),
                ),
                both("partial tracked-reply"),
                note=Shows("attachment-stripped", "attachment-pending"),
            ),
            Send(
                Letter(
                    "s4-complete",
                    "carol",
                    "anna",
                    "The signed contract.",
                    "s1-offer",
                    file=("contract.pdf", 40_000),
                    again="s4-contract",
                ),
                Shows("duplicate redelivered", "logged completed"),
            ),
            Look("s4-contract", Shows("partial tracked-reply", "logged completed")),
        ),
    ),
    Chapter(
        "S5",
        "A message sent without the mark is not logged, nor are its replies",
        (
            Send(
                Letter("s5-plain", "anna", "frank", "Lunch on Friday?"),
                Shows("not_logged sent-not-marked", "logged sent"),
            ),
            Send(
                Letter("s5-reply", "frank", "anna", "Gladly!", "s5-plain"),
                Shows("not_logged original-not-logged", "logged tracked-reply"),
            ),
        ),
    ),
    Chapter(
        "S6",
        "A thread whose first message went to a never-log address",
        (
            Run("never-log add legal.example"),
            Send(
                Letter("s6-offer", "anna", "erin counsel", "The contract.", fields=MARK),
                OPTED_IN,
                notes=("never-log-participant",),
            ),
            Send(
                Letter("s6-reply", "erin", "anna", "Signed.", "s6-offer"),
                Shows("not_logged original-to-never-log", "logged tracked-reply"),
            ),
        ),
    ),
    Chapter(
        "S7",
        "The mailbox was disconnected when the reply came",
        (
            Run("mailbox disconnect anna@corp.example"),
            Send(
                Letter("s7-late", "carol", "anna", "One more question.", "s1-offer"),
                Shows("not_logged mailbox-disconnected", "held mailbox-disconnected"),
            ),
            Run("mailbox connect anna@corp.example"),
            Run("replay s7-late@story.example"),
            Look("s7-late", TRACKED),
        ),
    ),
    Chapter(
        "S8",
        "The reply goes to a colleague of the one who began the thread",
        (
            Send(
                Letter("s8-colleague", "carol", "bob", "Bob, can you tell?", "s1-offer"),
                Shows("not_logged not-starters-mailbox", "logged tracked-reply"),
            ),
        ),
    ),
    Chapter(
        "S9",
        "The reply comes from somebody who is no contact",
        (
            Send(
                Letter("s9-deputy", "deputy", "anna", "Carol is away, I answer.", "s1-offer"),
                Shows("not_logged replier-not-contact", "logged reply-from-unknown"),
            ),
        ),
    ),
    Chapter(
        "S10",
        "The reply was taken for spam in an Office 365 mailbox",
        (
            Send(Letter("s10-offer", "max", "gina", "Our offer.", fields=MARK), OPTED_IN),
            Send(
                Letter(
                    "s10-spam",
                    "gina",
                    "max",
                    "We take it!",
                    "s10-offer",
                    fields=(("X-Spam-Flag", "YES"),),
                ),
                Shows("not_logged spam", "held spam-in-thread"),
            ),
        ),
    ),
    Chapter(
        "S11",
        "Sent without the mark, and logged by hand afterwards",
        (
            Send(
                Letter("s11-quiet", "anna", "henry", "Nice to have met you."),
                Shows("not_logged sent-not-marked", "not_logged recipient-not-contact"),
            ),
            Send(
                Letter("s11-answer", "henry", "anna", "Likewise. An offer?", "s11-quiet"),
                Shows("not_logged original-not-logged", "not_logged sender-not-contact"),
            ),
            Run("log s11-quiet@story.example --thread"),
            Look("s11-quiet", both("logged logged-by-hand")),
            Look("s11-answer", TRACKED),
        ),
    ),
    Chapter(
        "S12",
        "The same person writes from another address",
        (
            Send(
                Letter("s12-alias", "carol-home", "anna", "From my sofa: yes.", "s1-offer"),
                Shows("not_logged replier-not-contact", "held stranger-in-thread"),
            ),
            Run("contact add carol.cruz@home.example --name Carol"),
            Run("contact merge carol@customer.example carol.cruz@home.example"),
            Run("replay s12-alias@story.example"),
            Look("s12-alias", TRACKED),
        ),
    ),
    Chapter(
        "S13",
        "A stranger writes, and is answered with a BCC to the gateway",
        (
            Send(
                Letter("s13-hello", "ivy", "anna", "Hello, do you sell lamps?"),
                both("not_logged sender-not-contact"),
            ),
            Send(
                Letter("s13-answer", "anna", "ivy", "We do.", "s13-hello", bcc=("log",)),
                OPTED_IN,
            ),
            Look("s13-hello", Shows("not_logged sender-not-contact", "logged adopted-original")),
            Send(Letter("s13-again", "ivy", "anna", "Ten, please.", "s13-answer"), TRACKED),
        ),
    ),
    Chapter(
        "S14",
        "A filter moved the reply out of the inbox (IMAP)",
        (
            Send(Letter("s14-offer", "bob", "jack", "Our offer.", fields=MARK), OPTED_IN),
            Send(
                Letter(
                    "s14-filed",
                    "jack",
                    "bob",
                    "Agreed.",
                    "s14-offer",
                    fields=(("X-Mailbox-Folder", "INBOX/Projects"),),
                ),
                Shows("not_logged other-folder", "logged tracked-reply"),
            ),
        ),
    ),
    Chapter(
        "S15",
        "A thread of the shared inbox is carried on from a personal one",
        (
            Send(Letter("s15-team", "lena", "sales", "Is anyone there?"), both("logged team-mail")),
            Send(
                Letter("s15-answer", "bob", "lena", "I am!", "s15-team"),
                Shows("not_logged shared-thread-moved", "logged sent-in-thread"),
            ),
            Send(
                Letter("s15-reply", "lena", "bob", "Great.", "s15-answer"),
                Shows("not_logged shared-thread-moved", "logged tracked-reply"),
            ),
        ),
    ),
    Chapter(
        "S16",
        "The mailbox moved to another provider; a sequence is at risk",
        (
            Send(Letter("s16-offer", "max", "nora", "Our offer.", fields=MARK), OPTED_IN),
            Run("sequence enroll nora@nagy.example spring --mailbox max@corp.example"),
            Run("mailbox change-provider max@corp.example google"),
            Run("sequence at-risk", prints="nora@nagy.example"),
            Send(
                Letter("s16-reply", "nora", "max", "Deal.", "s16-offer"),
                Shows("not_logged provider-changed", "logged tracked-reply"),
            ),
            Run("mailbox connect max@corp.example --provider google"),
            Run("replay s16-reply@story.example"),
            Look("s16-reply", TRACKED),
            Run("sequence list", prints="ended"),
        ),
    ),
    Chapter(
        "Copies",
        "By whatever path a message comes it is one entry; a forged copy is held",
        (
            Send(Letter("copy-offer", "bob", "erin", "Our offer.", fields=MARK), OPTED_IN),
            Send(
                Letter(
                    "copy-offer-again",
                    "bob",
                    "erin",
                    "Our offer.",
                    fields=MARK,
                    again="copy-offer",
                    by="copies",
                    copy_to="journal",
                ),
                both("duplicate seen-again"),
            ),
            Send(
                Letter("copy-forged", "bob", "erin", "Pay us.", by="inbound", copy_to="log"),
                both("held copy-sender-unverified"),
            ),
            Run("held list", prints="copy-sender-unverified"),
            Run("held discard copy-forged@story.example", prints="1 message discarded."),
            Look("copy-forged", both("not_logged discarded")),
            Run("address create bob@corp.example", prints="log+"),
        ),
    ),
)

EVERYBODY = tuple(address_of(who) for who in ("carol", "gina", "ivy"))
"""Whose timelines close the story."""

"""What Anna, Carol and Carol's deputy wrote to each other."""

from __future__ import annotations

from gateway.store.registry import Registry
from tests.letters import letter
from tests.web.conftest import ANNA, BOB, CAROL, Mail

OFFER = letter(
    author=f"Anna Arai <{ANNA}>", to=f"Carol Cruz <{CAROL}>", message_id="offer@corp.example",
    text="Here is our offer.",
)  # fmt: skip
REPLY = letter(
    subject="Re: Our offer",
    message_id="reply@customer.example",
    in_reply_to="<offer@corp.example>",
    text="Looks good to me.\r\n\r\nOn Monday Anna wrote:\r\n> Here is our offer.",
)
DEPUTY = letter(
    author="Carol's deputy <deputy@customer.example>",
    subject="Re: Our offer",
    message_id="deputy@customer.example",
    in_reply_to="<offer@corp.example>",
    text="Carol is away, I answer.",
)
AGAIN = letter(
    author="deputy@customer.example", subject="Re: Our offer", message_id="d2@customer.example",
    in_reply_to="<offer@corp.example>", text="And one thing more.",
)  # fmt: skip


def let_the_deputy_answer(mail: Mail, company: Registry) -> str:
    """Return the entry of the first answer of Carol's deputy, who writes twice."""
    company.add_contact(CAROL, "Carol Cruz", BOB)
    mail(OFFER, sent=True, to=CAROL)
    mail(REPLY, minutes=1)
    mail(AGAIN, minutes=3)
    return mail(DEPUTY, minutes=2)[0]


def html_letter(body: str) -> bytes:
    return letter(
        message_id="html@customer.example", in_reply_to="<offer@corp.example>", text=body
    ).replace(b"text/plain", b"text/html")

"""What is kept of a letter, read for people: its words, its HTML made harmless, its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import nh3

from gateway.config.settings import Config
from gateway.mail.anatomy import dissect
from gateway.mail.charsets import decode_text
from gateway.mail.decode import cut, cut_whole
from gateway.mail.reading import read_message
from gateway.model.arrival import Arrival
from gateway.model.message import Attachment, Message
from gateway.store.directory import Configured
from gateway.store.people_views import PeopleViews
from gateway.understand import arrive, opened

HTML_LIMIT = 1_000_000
"""Octets of HTML that are shown; more is read as text."""
_TAGS = (nh3.ALLOWED_TAGS - {"img", "map", "area"}) | {"font"}
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign"},
    "ol": {"start", "type"},
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A message whose octets are kept, read again."""

    arrival: Arrival
    message: Message

    @property
    def new_text(self) -> str:
        """The words that are new in it."""
        return self.message.new_text.strip("\n")

    @property
    def quoted(self) -> str:
        """What follows the new words: quotations, signatures."""
        return self.message.text[self.message.new_text_stop :].strip("\n")

    @property
    def to(self) -> str:
        """Whom it says it is to; blind recipients are not among them."""
        heading = self.arrival.heading if self.arrival.wrapping else self.message.heading
        return ", ".join(address.addr_spec for address in heading.to)

    @property
    def cc(self) -> str:
        """Who got a copy openly."""
        return ", ".join(address.addr_spec for address in self.message.heading.cc)

    @property
    def openly_named(self) -> frozenset[str]:
        """Address keys of everybody whom its header section names."""
        heading = self.message.heading
        return frozenset(one.key for one in (*heading.authors, *heading.to, *heading.cc))

    @property
    def files(self) -> tuple[Attachment, ...]:
        """Its files, without what only decorates its HTML."""
        return self.message.attachments

    @property
    def html(self) -> str:
        """Its HTML without anything that runs, styles or calls home; empty when it has none."""
        # The parts of a message inside another one are counted from its own octets.
        if self.arrival.wrapping is not None:
            return ""
        octets = self.arrival.envelope.content.octets
        for part in dissect(self.message.parts).words:
            if part.media_type == "text/html":
                whole = cut_whole(octets, part.chain, HTML_LIMIT + 1)
                if len(whole) <= HTML_LIMIT:
                    return harmless(decode_text(whole, part.charset)[0])
        return ""

    def content(self, file: Attachment) -> Iterator[bytes]:
        """Yield the decoded octets of a file."""
        return cut(self.arrival.envelope.content.octets, file.chain)


def harmless(html: str) -> str:
    """Return HTML that only shows text: no script, style, picture, form or remote content."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto"},
        clean_content_tags={"script", "style", "title", "template", "noscript"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_relative="deny",
    )


def read_letter(views: PeopleViews, config: Config, entry_id: str) -> Letter | None:
    """Return the letter of an entry, or None when nothing of it is kept."""
    kept = views.kept(entry_id)
    if kept is None:
        return None
    configured = Configured(frozenset(config.gateway.domains), config.addresses, config.crm_logins)
    moment = kept.envelope.received_at
    outer = arrive(kept.envelope, views.directory(configured), config.policy, moment)
    message = read_message(kept.envelope.content.octets, outer.heading)
    inside = opened(outer, message)
    same = (pair for pair in inside if pair[1].message_id == kept.message_id)
    return Letter(*next(same, inside[0]))

"""Turns HTML into the text that its reader sees, quotes marked as in plain mail.

What stands in a citing blockquote gets `> ` before each line, so that one set of rules finds
new words in both. Where a client marks its quotation otherwise, the place is told.

Limits: nesting is counted by a linear scan before the parser sees it, since parsers take
minutes for 100,000 nested elements; beyond the limit tags are only taken off.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.mail import limits

_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_STRIP: Final = re.compile(r"<[^<>]*>")
_SPACES: Final = re.compile(r"[ \t\r\n\f]+")
_VOID: Final = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "tr",
        "th",
        "dt",
        "dd",
        "option",
    ]
)
_SILENT: Final = frozenset(
    ["script", "style", "head", "title", "template", "noscript", "object", "svg"]
)
_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
        "body",
    ]
)
_SPACED: Final = frozenset(
    ["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol"]
)
_QUOTES_SHOWN: Final = 20
"""Deeper quotations get no more marks, or a small message makes a huge text."""
_QUOTE_IDS: Final = frozenset(
    (
        "divrplyfwdmsg",
        "appendonsend",
        "mail-editor-reference-message-container",
        "olk_src_body_section",
        "stopspelling",
        "reply-intro",
        "replysplit",
    )
)
_QUOTE_CLASSES: Final = frozenset(
    (
        "gmail_quote",
        "gmail_quote_container",
        "gmail_attr",
        "yahoo_quoted",
        "moz-cite-prefix",
        "moz-forward-container",
        "protonmail_quote",
        "zmail_extra",
        "outlookmessageheader",
        "tutanota_quote",
        "airmail_on",
        "hse-quoted-text",
    )
)
# Outlook 2007 and later rule their header block off with a line of one of these colours.
_OUTLOOK_RULE: Final = re.compile(
    r"border-top:\s*(?:solid\s+#(?:e1e1e1|b5c4df)|#(?:e1e1e1|b5c4df)\s+1(?:\.0)?pt\s+solid)",
    re.IGNORECASE,
)


def html_to_text(html: str) -> tuple[str, int | None]:
    """Return the text shown, and where a client's mark says that its quotation begins."""
    if len(html) > limits.HTML_OCTETS or _is_excessive(html):
        return _strip_tags(html[: limits.TEXT_OCTETS]), None
    root = LexborHTMLParser(html).root
    if root is None:  # pragma: no cover - the parser always gives a root
        return "", None
    writer = _Writer()
    writer.walk(root)
    return writer.finish()


def _is_excessive(html: str) -> bool:
    """Whether elements are nested deeper, or more, than a parser should be given."""
    depth = 0
    for count, found in enumerate(_TAG.finditer(html)):
        if count > limits.HTML_TAGS:
            return True
        if found[2].lower() in _VOID:
            continue
        depth += -1 if found[1] else 1
        if depth > limits.HTML_DEPTH:
            return True
        depth = max(depth, 0)
    return False


def _strip_tags(html: str) -> str:
    """Return text with the tags taken off and nothing understood."""
    text = unescape(_STRIP.sub(" ", html))
    return "\n".join(line for row in text.split("\n") if (line := " ".join(row.split())))


class _Writer:
    """Writes lines of text while it walks the elements."""

    def __init__(self) -> None:
        """Begin with no line."""
        self._lines: list[str] = []
        self._line: list[str] = []
        self._last = ""
        self._quotes = 0
        self._pre = 0
        self._mark: int | None = None
        self._blank_due = False

    def walk(self, root: LexborNode) -> None:
        """Visit each node in its order, without recursion."""
        # Nodes are compared by identity: `==` writes both out as HTML.
        top = root.mem_id
        node: LexborNode | None = root
        while node is not None:
            tag = node.tag or ""
            if tag == "-text":
                self._write(node.text_content or "")
            elif tag not in _SILENT and tag[:1] not in "-!":
                self._open(node, tag)
                if node.child is not None:
                    node = node.child
                    continue
                self._close(node, tag)
            node = self._next(node, top)

    def _next(self, node: LexborNode, top: int) -> LexborNode | None:
        """Return the node behind one and all that it holds; closes what ends there."""
        while node.mem_id != top:
            if node.next is not None:
                return node.next
            above = node.parent
            if above is None:  # pragma: no cover - the top is above all
                break
            node = above
            self._close(node, node.tag or "")
        return None

    def finish(self) -> tuple[str, int | None]:
        """Return the text and where the quotation begins."""
        self._break()
        text = "\n".join(self._lines)
        if self._mark is None:
            return text, None
        return text, sum(len(line) + 1 for line in self._lines[: self._mark])

    def _open(self, node: LexborNode, tag: str) -> None:
        """Begin an element."""
        if tag in _BLOCKS:
            self._break()
            self._blank_due = self._blank_due or (tag in _SPACED and bool(self._lines))
        if tag in ("div", "span", "hr", "blockquote", "table"):
            self._look_for_mark(node.attributes)
        if tag == "br":
            self._break(always=True)
        elif tag == "li":
            self._put("- ")
        elif tag in ("td", "th") and self._last and not self._last.isspace():
            self._put(" ")
        elif tag == "blockquote" and _is_quotation(node.attributes):
            self._quotes += 1
        elif tag == "pre":
            self._pre += 1

    def _close(self, node: LexborNode, tag: str) -> None:
        """End an element."""
        if tag in _BLOCKS:
            self._break()
            self._blank_due = self._blank_due or (tag in _SPACED and bool(self._lines))
        if tag == "blockquote" and _is_quotation(node.attributes):
            self._quotes -= 1
        elif tag == "pre":
            self._pre -= 1

    def _write(self, text: str) -> None:
        """Add text to the line."""
        if self._pre:
            *rows, last = text.replace("\r\n", "\n").split("\n")
            for row in rows:
                self._put(row)
                self._break(always=True)
            self._put(last)
            return
        text = _SPACES.sub(" ", text)
        self._put(text.lstrip(" ") if self._last in ("", " ") else text)

    def _put(self, text: str) -> None:
        """Add text to the line as it is."""
        if text:
            self._line.append(text)
            self._last = text[-1]

    def _break(self, *, always: bool = False) -> None:
        """End the line."""
        line = "".join(self._line).rstrip(" \u00a0").replace("\u00a0", " ")
        self._line.clear()
        self._last = ""
        if not line and not always:
            return
        prefix = "> " * min(self._quotes, _QUOTES_SHOWN)
        if self._blank_due and self._lines and self._lines[-1].strip("> "):
            self._lines.append(prefix.rstrip())
        self._blank_due = False
        self._lines.append(prefix + line if line else prefix.rstrip())

    def _look_for_mark(self, attributes: dict[str, str | None]) -> None:
        """Note where the first quotation begins, as its client marks it."""
        if self._mark is not None or not attributes:
            return
        classes = (attributes.get("class") or "").lower().split()
        identity = (attributes.get("id") or "").lower().removeprefix("x_")
        style = attributes.get("style") or ""
        if (
            identity in _QUOTE_IDS
            or not _QUOTE_CLASSES.isdisjoint(classes)
            or _OUTLOOK_RULE.search(style)
        ):
            self._break()
            self._mark = len(self._lines)


def _is_quotation(attributes: dict[str, str | None]) -> bool:
    """Whether a blockquote cites someone; without a mark it only indents."""
    if (attributes.get("type") or "").lower() == "cite" or "cite" in attributes:
        return True
    classes = (attributes.get("class") or "").lower()
    style = (attributes.get("style") or "").lower()
    return "quote" in classes or "border-left" in style

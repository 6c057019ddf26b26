"""Joins the soft lines of format=flowed, so that a text shows the paragraphs it was written in.

Standards: RFC 3676 §4: a line that ends in a space goes on in the next of the same quote
depth; DelSp tells whether that space was written or only marks the fold.
"""

from __future__ import annotations

from typing import Final

_SIGNATURE: Final = "-- "


def unflow(text: str, *, delete_space: bool) -> str:
    """Return the text with its soft lines joined; quote marks and signatures stay lines."""
    out: list[str] = []
    paragraph: list[str] = []
    depth_open = -1
    for line in text.split("\n"):
        marks = len(line) - len(line.lstrip(">"))
        words = line[marks:].rstrip("\r")
        # §4.4: a line that is not quoted and begins with a space, `>` or `From ` is stuffed.
        words = words[1:] if words[:1] == " " else words
        is_fixed = words == _SIGNATURE or not words.endswith(" ")
        soft = words[:-1] if delete_space and not is_fixed else words
        if depth_open == marks and words != _SIGNATURE:
            paragraph.append(soft)
        else:
            out.append("".join(paragraph))
            paragraph = [f"{'>' * marks} {soft}" if marks else soft]
        depth_open = -1 if is_fixed else marks
    out.append("".join(paragraph))
    return "\n".join(out[1:])

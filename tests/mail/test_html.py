from __future__ import annotations

import time

import pytest

from gateway.mail import limits
from gateway.mail.html import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("a <b>bold</b>\n  word", "a bold word"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<table><tr><td>a </td><td>b</td></tr></table>", "a b"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a&nbsp;b &amp; c&#12354;", "a b & cあ"),
        ("<head><title>t</title><style>s</style></head><body>b<script>x</script></body>", "b"),
        ("a<!-- no -->b", "ab"),
        ('<blockquote type="cite">old</blockquote>', "> old"),
        ('<blockquote cite="x">a<br><br>b</blockquote>', "> a\n>\n> b"),
        ('<p>new</p><blockquote class="gmail_quote">old</blockquote>', "new\n>\n> old"),
        ('<blockquote style="border-left:1px">old</blockquote>', "> old"),
        ("<blockquote>indented</blockquote>", "indented"),
        ('<blockquote type="cite"><blockquote type="cite">older</blockquote>', "> > older"),
        ("", ""),
        ("<", "<"),
        ("<p>a</p> <p>b</p>", "a\n\nb"),
    ],
)
def test_html_shows_what_its_reader_sees(html: str, text: str) -> None:
    assert html_to_text(html)[0] == text


@pytest.mark.parametrize(
    "mark",
    [
        '<div class="gmail_quote">',
        '<div id="divRplyFwdMsg">',
        '<div id="x_appendonsend">',
        '<div class="moz-cite-prefix">',
        '<div class="yahoo_quoted">',
        '<hr id="stopSpelling">',
        '<span id="OLK_SRC_BODY_SECTION">',
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt">',
    ],
)
def test_the_mark_of_a_client_tells_where_the_quotation_begins(mark: str) -> None:
    text, quote_at = html_to_text(f"<p>new</p>{mark}old<div class=gmail_quote>older</div>")
    assert quote_at is not None
    assert text[:quote_at].strip() == "new"


def test_without_a_mark_nothing_is_told() -> None:
    assert html_to_text('<div class="x">new</div>')[1] is None


def test_a_hundred_thousand_nested_elements_take_no_time() -> None:
    began = time.perf_counter()
    text, _ = html_to_text("<div>" * 100_000 + "deep")
    assert time.perf_counter() - began < 1
    assert text == "deep"


def test_many_elements_side_by_side_are_not_deep() -> None:
    assert html_to_text("</div>" + "<div>a</div>" * 3000)[0].count("a") == 3000


def test_huge_html_is_only_stripped() -> None:
    text, quote_at = html_to_text("<p>a &lt; b</p>" + " " * limits.HTML_OCTETS)
    assert (text, quote_at) == ("a < b", None)


def test_hostile_html_takes_no_time() -> None:
    began = time.perf_counter()
    html_to_text("<" * 1_000_000)
    html_to_text('<a "' * 300_000)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    "html", ["<table><tr>" + "<td>x" * 60_000, "<b>a</b>" * 60_000, "<p>a" * 400_000]
)
def test_many_elements_take_no_time(html: str) -> None:
    began = time.perf_counter()
    html_to_text(html)
    assert time.perf_counter() - began < 3


def test_quotations_in_quotations_make_no_huge_text() -> None:
    assert len(html_to_text("<blockquote type=cite>a" * 1900)[0]) < 200_000

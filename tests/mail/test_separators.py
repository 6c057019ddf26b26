"""What some clients print between the new words and the quoted ones, in no common form."""

from __future__ import annotations

import time

import pytest

from gateway.mail.blocks import find_seams
from tests.mail.build import letter, read

NEW = "New words.\n\nMore."
OLD = "Old words.\n"
WHO = "Ann Lee <ann@x.example>"
MARKS = {
    "zoho": f"---- On Mon, 09 Nov 2026 10:21:33 +0100 {WHO} wrote ---\n\n",
    "zoho on telephones": f"---- On Mon, 09 Nov, 2026, 10:21 AM, {WHO} wrote ----\n\n",
    "groupwise": f">>> {WHO} 11/9/2026 10:21 AM >>>\n",
    "zendesk": "##- Please type your reply above this line -##\n\n",
    "zendesk, German": "##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein. -##\n\n",
    "a desk": "--- Reply above this line to add a note ---\n\n",
    "yahoo on telephones": "  On Mon, Nov 9, 2026 at 10:21 AM, Ann Lee<ann@x.example> wrote:   ",
    "pt gmail, folded": f"{WHO} escreveu\n(segunda, 9/11/2026 à(s) 10:21):\n\n> ",
    "hu gmail, folded": f"{WHO} ezt írta\n(időpont: 2026. nov. 9., H, 10:21):\n\n> ",
    "tr gmail, folded": f"{WHO}, 9 Kas\n2026 Pzt, 10:21 tarihinde şunu yazdı:\n\n> ",
    "zh-TW gmail, folded": f"{WHO} 於 2026年11月9日 週一\n上午10:21寫道：\n\n> ",
    "hr apple": f"{WHO} je 9.11.2026. u 10:21 napisao:\n\n> ",
    "sk telephone": f"Odoslané z iPhonu\n\nOn Mon, Nov 9, 2026 at 10:21 {WHO} wrote:\n> ",
    "hr telephone": f"Poslano s mog iPhonea\n\nOn Mon, Nov 9, 2026 at 10:21 {WHO} wrote:\n> ",
    "et telephone": f"Saadetud minu iPhone’ist\n\nOn Mon, Nov 9, 2026 {WHO} wrote:\n> ",
    "hu telephone": f"Az iPhone-omról küldve\n\nOn Mon, Nov 9, 2026 at 10:21 {WHO} wrote:\n> ",
    "ro telephone": f"Trimis de pe iPhone-ul meu\n\nOn Mon, Nov 9, 2026 {WHO} wrote:\n> ",
    "uk telephone": f"Надіслано з iPhone\n\nOn Mon, Nov 9, 2026 at 10:21 {WHO} wrote:\n> ",
    "tr telephone": f"iPhone’umdan gönderildi\n\nOn Mon, Nov 9, 2026 {WHO} wrote:\n> ",
    "el telephone": f"Εστάλη από το iPhone μου\n\nOn Mon, Nov 9, 2026 {WHO} wrote:\n> ",
    "ko gmail": f"2026년 11월 9일 오전 10:21, {WHO}님의 말:\n> ",
    "ja day and name": "2026年11月9日(月) 10:21 山田 太郎:\n\n> ",
    "horde": f"Quoting {WHO}:\n\n> ",
    "de horde": f"Zitat von {WHO}:\n\n> ",
    "fi galaxy": f"Lähetetty Galaxysta\n\nOn Mon, Nov 9, 2026 {WHO} wrote:\n> ",
    "ja galaxy": f"Galaxyから送信\n\nOn Mon, Nov 9, 2026 {WHO} wrote:\n> ",
    "en carrier": "Sent via the Samsung Galaxy S10, an AT&T 5G smartphone\n\n"
    f"On Mon, Nov 9, 2026 {WHO} wrote:\n> ",
    "proton": "Sent with Proton Mail secure email.\n\n"
    f"On Monday, November 9th, 2026 at 10:21, {WHO} wrote:\n\n> ",
}


@pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS.keys())
def test_the_new_words_end_there(mark: str) -> None:
    assert read(letter(f"{NEW}\n\n{mark}{OLD}", subject="Re: Offer")).new_text == NEW


@pytest.mark.parametrize(
    "text",
    [
        "On Tuesday, March 5, 2024 I wrote:\nthe printers are late.",
        "Am 5.3.2024 schrieb ich Ihnen:\nbitte liefern Sie.",
        "##- Please type your reply above this line -##\n\nYour request was updated.",
        "As agreed:   three printers, see ann@x.example of 9.11.2026.",
        "2024-03-05 10:12 server down:\nrestart it please.",
        "Quoting Ann:\nthe offer stands.",
        "The shop in Depodan 5.3.2024 gönderildi",
    ],
)
def test_words_of_the_author_that_look_so_stay(text: str) -> None:
    assert read(letter(f"{text}\n", subject="Re: Offer")).new_text == text


@pytest.mark.parametrize(
    "piece", [">>> 1 >>> ", "---- 10:21 wrote wrote ", "a@b 10:21 wrote:   ", ">>> 1\n", "##- a\n"]
)
def test_a_megabyte_of_them_is_read_in_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()
    find_seams(text)
    assert time.process_time() - began < 2

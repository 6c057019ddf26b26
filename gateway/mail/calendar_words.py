"""Finds dates in people's sentences, as automatic replies say them.

Limits: a date without a year is taken for the next one after the message's own; of day and
month in figures the first is the day, unless it cannot be or the writer's zone is American.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from gateway.mail.folding import folded

_MONTHS: Final = (
    (
        "jan january januar janvier janv enero ene gennaio gen janeiro januari stycznia "
        "styczeń sty januari tammikuuta ledna leden января янв "
        "januára siječnja jaanuar január ianuarie січня ocak ιανουαρίου"
    ),
    (
        "feb february februar février févr febrero febbraio fevereiro fev februari lutego "
        "luty lut helmikuuta února únor февраля фев "
        "februára veljače veebruar február februarie лютого şubat φεβρουαρίου"
    ),
    (
        "mar march märz maerz mrz mars marzo março maart mrt marca marzec marts maaliskuuta "
        "března březen марта "
        "ožujka märts március márc martie березня mart μαρτίου"
    ),
    (
        "apr april avril avr abril abr aprile kwietnia kwiecień kwi huhtikuuta dubna duben "
        "апреля апр "
        "apríla travnja aprill április aprilie квітня nisan απριλίου"
    ),
    (
        "may mai mayo maggio mag maio mei maja maj toukokuuta května květen мая май "
        "mája svibnja május травня mayıs μαΐου μαϊου"
    ),
    (
        "jun june juni juin junio giugno giu junho czerwca czerwiec cze kesäkuuta června "
        "červen июня июн "
        "júna lipnja juuni június iunie червня haziran ιουνίου"
    ),
    (
        "jul july juli juillet juil julio luglio lug julho lipca lipiec lip heinäkuuta "
        "července červenec июля июл "
        "júla srpnja juuli július iulie липня temmuz ιουλίου"
    ),
    (
        "aug august août aout agosto ago augustus augusti sierpnia sierpień sie elokuuta "
        "srpna srpen августа авг "
        "augusta kolovoza augusztus серпня ağustos αυγούστου"
    ),
    (
        "sep sept september septembre septiembre settembre set setembro września wrzesień wrz "
        "syyskuuta září сентября сен "
        "septembra rujna szeptember septembrie вересня eylül σεπτεμβρίου"
    ),
    (
        "oct october okt oktober octobre octubre ottobre ott outubro out października "
        "październik paź lokakuuta října říjen октября окт "
        "októbra oktoober október octombrie жовтня ekim οκτωβρίου"
    ),
    (
        "nov november novembre noviembre novembro listopada listopad lis marraskuuta "
        "листопада ноября ноя "
        "novembra studenog studenoga noiembrie kasım νοεμβρίου"
    ),
    (
        "dec december dez dezember décembre déc diciembre dic dicembre dezembro grudnia "
        "grudzień gru desember joulukuuta prosince prosinec декабря дек "
        "decembra prosinca detsember decembrie грудня aralık δεκεμβρίου"
    ),
)
_MONTH_BY_NAME: Final = {
    folded(name): number for number, names in enumerate(_MONTHS, 1) for name in names.split()
}
_NAMES: Final = "|".join(sorted(" ".join(_MONTHS).split(), key=len, reverse=True))
_DATE: Final = re.compile(
    rf"(?P<iso>(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}))"
    rf"|(?P<asian>(?:(\d{{4}})\s*[年년]\s*)?(\d{{1,2}})\s*[月월]\s*(\d{{1,2}})\s*[日일号號])"
    rf"|(?P<figures>\b(\d{{1,2}})([./-])\s?(\d{{1,2}})(?:\11\s?(\d{{4}}|\d{{2}})\b|\b|\.))"
    rf"|(?P<dayfirst>\b(\d{{1,2}})(?:st|nd|rd|th|er|º|ª|\.)?\s*(?:of\s+|de\s+|d['’])?({_NAMES})\b\.?"
    rf"(?:,?\s*(?:de\s+|del\s+)?(\d{{4}}))?)"
    rf"|(?P<monthfirst>\b({_NAMES})\b\.?\s*(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s*(\d{{4}}))?)",
    re.IGNORECASE,
)


def find_date(text: str, written_at: datetime | None, *, american: bool = False) -> str:
    """Return the first date in a text as ISO 8601; empty when there is none that can be."""
    for found in _DATE.finditer(text):
        year, month, day = _numbers(found, american=american)
        if said := _sound(year, month, day, written_at):
            return said.isoformat()
    return ""


def _numbers(found: re.Match[str], *, american: bool) -> tuple[int, int, int]:
    """Return year (0 when not said), month and day."""
    group = found.group
    if found["iso"]:
        return int(group(2)), int(group(3)), int(group(4))
    if found["asian"]:
        return int(group(6) or 0), int(group(7)), int(group(8))
    if found["figures"]:
        first, second = int(group(10)), int(group(12))
        day_first = group(11) != "/" or not american
        if (day_first and second > 12) or (not day_first and first <= 12):
            first, second = second, first
        year = int(group(13) or 0)
        return (year + 2000 if 0 < year < 100 else year), second, first
    if found["dayfirst"]:
        return int(group(17) or 0), _MONTH_BY_NAME[folded(group(16))], int(group(15))
    return int(group(21) or 0), _MONTH_BY_NAME[folded(group(19))], int(group(20))


def _sound(year: int, month: int, day: int, written_at: datetime | None) -> date | None:
    """Return the date, its year guessed from the message's when it is not said."""
    try:
        if year:
            return date(year, month, day)
        if written_at is None:
            return None
        guess = date(written_at.year, month, day)
        # A day well before the letter is next year's.
        late = (written_at.date() - guess).days > 60
        return date(written_at.year + 1, month, day) if late else guess
    except ValueError:
        return None

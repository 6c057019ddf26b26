"""What a lax next hop could take for the end of data (D-6)."""

from __future__ import annotations

from typing import Final

FALSE_ENDS: Final = (
    b"\n.\n",
    b"\n.\r\n",
    b"\n.\rx",
    b"\r\n.\n",
    b"\r\n.\rx",
    b"\r.\r",
    b"\r.\n",
    b"\r.\r\n",
    b"\r\n\0.\r\n",
    b"\r\n.\r\r\n",
    b"\r\r\n.\r\r\n",
)

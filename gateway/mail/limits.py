"""How much is read of one message; what is over is cut off and noted, never refused.

Design notes: linear time is promised for any octets, so each list has an end.
"""

from __future__ import annotations

from typing import Final

HEADING_OCTETS: Final = 1_000_000
FIELDS: Final = 2000
FIELD_OCTETS: Final = 65_536
DEPTH: Final = 50
PARTS: Final = 1000
BOUNDARY_OCTETS: Final = 200
PARAMETERS: Final = 64
CONTINUATIONS: Final = 32
ENCODED_WORDS: Final = 500
TEXT_OCTETS: Final = 4_000_000
HTML_OCTETS: Final = 2_000_000
HTML_DEPTH: Final = 2000
HTML_TAGS: Final = 200_000
ADDRESSES: Final = 2000
REFERENCES: Final = 33
MESSAGE_ID_OCTETS: Final = 900
FILENAME_OCTETS: Final = 200
NESTED_MESSAGES: Final = 5
NESTED_OCTETS: Final = 4_000_000
"""Decoded octets of a transfer-encoded message/rfc822 that are read."""
SEAMS: Final = 10_000
"""Lines that end in a colon, or begin with a word and one, that are looked at."""
WINDOW_OCTETS: Final = 32_768
"""What is decoded at a time: fits the processor's second cache, found fastest by trial."""
DEFECTS: Final = 100

"""Whether what a file is agrees with what its name and its media type say.

libmagic and senders name the same thing in many ways, so types are compared by family. What
belongs to no family here is taken at its word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_FAMILIES: Final[Mapping[str, str]] = {
    "archive": """
        application/gzip application/java-archive application/vnd.rar application/x-7z-compressed
        application/x-bzip2 application/x-compressed-tar application/x-gzip application/x-rar
        application/x-rar-compressed application/x-tar application/x-xz
        application/x-zip-compressed application/zip application/zstd
        .7z .bz2 .gz .jar .rar .tar .tgz .xz .zip
    """,
    "document": """
        application/cdfv2 application/epub+zip application/msword application/rtf
        application/vnd.ms-excel application/vnd.ms-outlook application/vnd.ms-powerpoint
        application/x-ole-storage text/rtf
        .doc .docm .docx .dot .epub .msg .odp .ods .odt .ppt .pptm .pptx .rtf .xls .xlsb .xlsm .xlsx
    """,
    "pdf": "application/pdf application/x-pdf .pdf",
    "picture": ".bmp .gif .heic .ico .jpeg .jpg .png .tif .tiff .webp",
    "program": """
        application/vnd.microsoft.portable-executable application/x-dosexec application/x-elf
        application/x-executable application/x-mach-binary application/x-msdownload
        application/x-msi application/x-pie-executable application/x-sharedlib
        .com .dll .exe .msi .scr .sys
    """,
    "sound": ".aac .flac .m4a .mp3 .ogg .wav",
    "text": """
        application/javascript application/json application/pgp-signature application/x-httpd-php
        application/x-sh application/x-shellscript application/xhtml+xml application/xml
        image/svg+xml message/rfc822
        .asc .css .csv .eml .htm .html .ics .js .json .md .ps1 .py .sh .svg .txt .vbs .vcf .xml
    """,
    "video": ".avi .mkv .mov .mp4 .mpeg .webm",
}
_FAMILY_OF: Final = {word: name for name, words in _FAMILIES.items() for word in words.split()}
_BY_TOP_LEVEL: Final = {"image": "picture", "audio": "sound", "video": "video", "text": "text"}
_INSIDE: Final = frozenset(
    {("document", "archive"), ("sound", "video"), ("video", "sound"), ("archive", "document")}
)
"""What is stated, and what may truly be found in its place: documents are ZIP files."""


def family_of(media_type: str) -> str:
    """Return the family of a media type; empty when it says nothing, or nothing we know."""
    plain = media_type.lower()
    if plain.startswith("application/vnd.o") and "document" in plain:
        return "document"
    return _FAMILY_OF.get(plain) or _BY_TOP_LEVEL.get(plain.partition("/")[0], "")


def contradicted(name: str, media_type: str, detected: str) -> str:
    """Return what the name or the media type says and the content is not; empty if it agrees."""
    found = family_of(detected)
    if not found:
        return ""
    dot, _, ending = name.lower().rpartition(".")
    said_by = (("." + ending) if dot else "", media_type)
    for said, family in (
        (said_by[0], _FAMILY_OF.get(said_by[0], "")),
        (media_type, family_of(media_type)),
    ):
        if family and family != found and (family, found) not in _INSIDE:
            return said
    return ""

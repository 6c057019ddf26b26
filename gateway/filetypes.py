"""What files are, told by their octets: the one place that knows libmagic.

Design notes: pylibmagic carries a library and its database that fit each other, and has to be
imported before magic, or magic finds another library that the database does not fit. An instance
belongs to one thread, so each thread makes its own when it meets its first file. Mail without
files never loads anything.

Limits: the head of a file decides; what is declared as text and is text is not asked about, since
nothing that opens text can be misled by it.
"""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from msgspec import structs

from gateway.mail.decode import cut_whole
from gateway.mail.reading import read_message
from gateway.mail.scanners import Signature
from gateway.model.envelope import Octets
from gateway.model.message import Attachment, Heading, Message, Span

HEAD_OCTETS: Final = 8192
_HERE: Final = frozenset({"present", "damaged"})
_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


class FileTypes:
    """Asks libmagic; says nothing where it cannot be loaded."""

    def __init__(self) -> None:
        self._of_thread = threading.local()
        self._loading = threading.Lock()
        self._magic: Any = None
        self._trouble: str | None = None

    def trouble(self) -> str:
        """Load libmagic; return why it cannot be used, empty when it can."""
        with self._loading:
            if self._trouble is None:
                self._trouble = self._load()
            return self._trouble

    def told(self, octets: Octets, message: Message) -> Message:
        """Return the message with the detected type of each of its files."""
        if not message.attachments:
            return message
        files = tuple([self._told(octets, file) for file in message.attachments])
        return structs.replace(message, attachments=files)

    def detect(self, head: bytes) -> str:
        """Return the media type of what begins so; empty when libmagic is not there."""
        instance = getattr(self._of_thread, "instance", None)
        if instance is None:
            if self.trouble():
                return ""
            instance = self._of_thread.instance = self._magic.Magic(mime=True)
        try:
            return str(instance.from_buffer(head))
        except self._magic.MagicException:
            # It gives up on some broken files; then nothing can be said of them.
            return ""

    def _told(self, octets: Octets, file: Attachment) -> Attachment:
        if not file.size or file.state not in _HERE or not file.chain:
            return file
        first, *rest = file.chain
        # No encoding needs more than twice its octets for a head that can be told.
        stop = min(first.stop, first.start + 2 * HEAD_OCTETS)
        near = Span(first.start, stop, first.encoding)
        chain = file.chain if rest else (near,)
        head = cut_whole(octets, chain, HEAD_OCTETS)
        if file.media_type.startswith("text/") and _BINARY.search(head) is None:
            return file
        return replace(file, detected_type=self.detect(head)) if head else file

    def _load(self) -> str:
        try:
            # By name, so that nothing that sorts imports can change their order.
            importlib.import_module("pylibmagic")
            magic = importlib.import_module("magic")
        except (ImportError, OSError) as error:
            return f"libmagic cannot be loaded: {error}"
        try:
            magic.Magic(mime=True)
        except magic.MagicException as error:
            return f"libmagic cannot be used: {error}"
        self._magic = magic
        return ""


class FileReader:
    """Reads messages, with the traces of scanners and the types of their files.

    Libmagic takes up to 8 ms for a file that is text, and a message of 250 KB may have a thousand
    files: who must not wait for that reads quickly and has the files looked at elsewhere.
    """

    def __init__(self, signatures: Sequence[Signature], types: FileTypes) -> None:
        self._signatures = signatures
        self._types = types

    def __call__(self, octets: Octets, heading: Heading) -> Message:
        """Read all of it."""
        return self.look(octets, self.quickly(octets, heading))

    def quickly(self, octets: Octets, heading: Heading) -> Message:
        """Read it without looking into its files."""
        return read_message(octets, heading, self._signatures)

    def look(self, octets: Octets, message: Message) -> Message:
        """Look into its files."""
        return self._types.told(octets, message)


def reader(signatures: Sequence[Signature] = (), types: FileTypes | None = None) -> FileReader:
    """Return what reads a message, with the traces of scanners and the types of its files."""
    return FileReader(signatures, types or FileTypes())

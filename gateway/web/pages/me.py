"""What somebody sets for himself: the language of his pages."""

from __future__ import annotations

from starlette.responses import Response

from gateway.web.desk import NotFoundError, Visit
from gateway.words.catalogue import language_of


def choose_language(visit: Visit) -> Response:
    """Remember the language, and show the page again that it was chosen on."""
    language = language_of(visit.given("language"))
    if language is None:
        raise NotFoundError("language")
    with visit.desk.vault() as vault:
        vault.choose_language(visit.viewer.key, language)
    return visit.go(visit.came_from)

"""What somebody sets for himself: addresses that he proves, his never-log list, his language."""

from __future__ import annotations

import secrets

from starlette.responses import Response

from gateway.notices.compose import Sender, compose_code
from gateway.store.book import address_key
from gateway.store.directory import notice_key
from gateway.store.faults import AlreadyKnownError, BadAddressError, NotListedError
from gateway.store.notices import NoticeBox
from gateway.store.registry import Registry
from gateway.web.codes import Codes
from gateway.web.desk import NotFoundError, Visit
from gateway.web.pages.signing import safe_path
from gateway.web.zones import zone_names
from gateway.words.catalogue import language_of

CODES_PER_MINUTE = 3


def me(visit: Visit) -> Response:
    """Show what is set."""
    key = visit.viewer.key
    with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
        never_log = [one for one in registry.list_never_log() if one.user == key]
        addresses = [one for one in registry.list_logging_addresses() if one.user == key]
    with Codes(visit.config.gateway.state, clock=visit.desk.clock) as codes:
        waiting = codes.waiting(key)
    return visit.show(
        "me.html",
        waiting=waiting,
        never_log=never_log,
        addresses=addresses,
        may_prove=visit.config.notices.address is not None,
        zones=zone_names(),
        company_zone=visit.config.web.time_zone,
        now=visit.desk.clock(),
        said=visit.asked("said"),
    )


def send_code(visit: Visit) -> Response:
    """Send a code to an address that somebody says is his."""
    key, notices = visit.viewer.key, visit.config.notices
    if notices.address is None:
        raise NotFoundError("notices")
    try:
        address = address_key(visit.given("address"))
    except BadAddressError as error:
        return visit.go("/me", visit.fault(error))
    with visit.desk.vault() as vault:
        if not vault.may_try(f"code for {key}", CODES_PER_MINUTE):
            return visit.go("/me", visit.say("Wait a minute, then ask for another code."))
    with Codes(visit.config.gateway.state, clock=visit.desk.clock) as codes:
        code = codes.make(key, address)
    language = visit.tongue.language
    sender = Sender(str(notices.address), language, notice_key(visit.config.store_path))
    now, token = visit.desk.clock(), secrets.token_hex(12)
    is_sent = NoticeBox(visit.config.store_path).put(
        user=key,
        recipient=address,
        entry_id="",
        reason=f"address-code {token}",
        content=compose_code(address, sender, token, now, code),
        now=now,
        kind="code",
    )
    visit.note("asked for a code", address)
    if not is_sent:
        return visit.go("/me", visit.say("There were enough codes for today. Try again tomorrow."))
    return visit.go("/me", visit.say("A code is on its way to {address}.", address=address))


def prove(visit: Visit) -> Response:
    """Give somebody an address whose code he knows."""
    key, address = visit.viewer.key, visit.given("address")
    with Codes(visit.config.gateway.state, clock=visit.desk.clock) as codes:
        if not codes.is_right(key, address, visit.given("code")):
            return visit.go("/me", visit.say("This is not the code, or its time is over."))
    try:
        with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
            registry.add_further_address(key, address)
    except AlreadyKnownError as error:
        return visit.go("/me", visit.fault(error))
    visit.note("proved", address)
    return visit.go("/me", visit.say("{address} is yours now.", address=address))


def remove_address(visit: Visit) -> Response:
    """Take a proven address from whoever asks: what it sends is not his any more."""
    address = visit.given("address")
    try:
        with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
            registry.remove_further_address(visit.viewer.key, address)
    except (BadAddressError, NotListedError) as error:
        return visit.go("/me", visit.fault(error))
    visit.note("removed an address", address)
    return visit.go("/me", visit.say("{address} is not yours any more.", address=address))


def never_log(visit: Visit) -> Response:
    """Put an address or a domain on one's own never-log list, or take it off."""
    pattern, key = visit.given("pattern"), visit.viewer.key
    try:
        with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
            if visit.given("off"):
                registry.remove_never_log(pattern, key)
                said = visit.say("{pattern} is off your never-log list now.", pattern=pattern)
            else:
                registry.add_never_log(pattern, key)
                said = visit.say("{pattern} is on your never-log list now.", pattern=pattern)
    except (AlreadyKnownError, BadAddressError, NotListedError) as error:
        return visit.go("/me", visit.fault(error))
    visit.note("own never-log list", pattern)
    return visit.go("/me", said)


def choose_language(visit: Visit) -> Response:
    """Remember the language, and show the page again that it was chosen on."""
    language = language_of(visit.given("language"))
    if language is None:
        raise NotFoundError("language")
    with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
        registry.choose_language(visit.viewer.key, language)
    return visit.go(safe_path(visit.came_from))


def choose_time_zone(visit: Visit) -> Response:
    """Remember the time zone; empty is that of the configuration."""
    name = visit.given("time_zone")
    if name and name not in zone_names():
        raise NotFoundError("time zone")
    with Registry(visit.config.store_path, clock=visit.desk.clock) as registry:
        registry.choose_time_zone(visit.viewer.key, name)
    chosen = name or visit.config.web.time_zone
    return visit.go("/me", visit.say("Times are those of {zone} now.", zone=chosen))

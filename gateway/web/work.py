"""Carries orders out, and rehearses them on a copy: what it will do is said before it is done.

Limits: of a record that is too large to be copied the number of messages is told that name the
same cure, which is the most that it can be.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gateway.config.scanners import all_signatures
from gateway.config.settings import Config
from gateway.filetypes import reader
from gateway.model.case import Case
from gateway.model.decision import Outcome, Reason
from gateway.model.entry import Revision
from gateway.model.policy import Policy
from gateway.replay import Change, Replayer
from gateway.rules.by_hand import discard_by_hand
from gateway.rules.switches import in_force
from gateway.store import rehearsal
from gateway.store.entries import Filters
from gateway.store.linking import Linker
from gateway.store.opening import Store, open_store
from gateway.store.registry import Registry
from gateway.store.views import Views, Wanted
from gateway.trust.keys import Keys, make_resolver
from gateway.trust.verifier import Verifier
from gateway.web.orders import Order

NO_ROUTE = "It did not come by a route that can be approved."
NOT_KEPT = "Nothing of its content is kept. Forward it instead."
GONE = "Nothing of its content is kept: it is gone already."
CURABLE = (Outcome.HELD, Outcome.NOT_LOGGED)


MOST_FOLLOW = 2000
"""Held messages that are judged anew when their route is believed."""
_BY_HAND = frozenset({"log", "approve", "log-thread"})


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an order."""

    logged: frozenset[str] = frozenset()
    """Ids of what is on the timeline now and was not before."""
    known: bool = True
    """False: it was not rehearsed, and `at_most` is what is known."""
    at_most: int = 0
    impossible: str = ""
    """Why it could not be done; empty when it was."""


@dataclass(slots=True)
class _Flow:
    store: Store
    replayer: Replayer
    now: datetime
    by: str
    logged: set[str] = field(default_factory=set)

    def note(self, change: Change | None) -> bool:
        """Remember what came onto the timeline; return whether it did."""
        if change is None or not change.after.outcome.on_timeline:
            return False
        if not change.before[0].on_timeline:
            self.logged.add(change.entry_id)
        return True


def carry_out(config: Config, orders: Sequence[Order], by: str, now: datetime) -> Done:
    """Do it, in the record."""
    return asyncio.run(_carry_out(config, config.store_path, orders, by, now))


def rehearse(config: Config, orders: Sequence[Order], by: str, now: datetime) -> Done:
    """Do it in a copy of the record that is thrown away: say what it would do."""
    path = config.store_path
    with rehearsal.copied(path, config.gateway.state) as copy:
        if copy is not None:
            return asyncio.run(_carry_out(config, copy, orders, by, now))
    with Views(path, clock=lambda: now) as views:
        targets = {one for order in orders for one in _targets(views, order)}
    return Done(known=False, at_most=len(targets))


def compare(
    config: Config, policies: Sequence[Policy], entry_ids: Sequence[str], now: datetime
) -> list[list[Change]]:
    """Return what would have become of messages under each policy, by the facts of their time."""

    async def work() -> list[list[Change]]:
        """Judge every entry under every policy."""
        async with _opened(config, config.store_path, "", now) as flow:
            found: list[list[Change]] = []
            for policy in policies:
                flow.replayer.policy = policy
                changes = [
                    await flow.replayer.preview(entry_id, now, as_of_receipt=True)
                    for entry_id in entry_ids
                ]
                found.append([change for change in changes if change is not None])
            return found

    return asyncio.run(work())


def judge_again(
    config: Config,
    entry_ids: Sequence[str],
    now: datetime,
    by: str,
    *,
    policy: Policy,
    only_say: bool,
    as_of_receipt: bool = False,
) -> list[Change]:
    """Judge messages again by the facts of today; return what came, or would come, of each.

    What changes may set others waiting; they are judged in the same call.
    """

    async def work() -> list[Change]:
        """Judge them in their order."""
        async with _opened(config, config.store_path, by, now) as flow:
            flow.replayer.policy = policy
            found: list[Change] = []
            for entry_id in entry_ids:
                if only_say:
                    change = await flow.replayer.preview(entry_id, now, as_of_receipt=as_of_receipt)
                else:
                    change = await flow.replayer.replay(entry_id, now, by=by)
                found += [change] if change is not None else []
            if not only_say:
                found += await flow.replayer.settle_waiting(now)
            return found

    return asyncio.run(work())


async def _carry_out(
    config: Config, path: Path, orders: Sequence[Order], by: str, now: datetime
) -> Done:
    for order in orders:
        if order.kind == "link":
            with Linker(path, clock=lambda: now) as linker:
                linker.link(order.entry_id, order.words[0])
        if order.changes_facts:
            with Registry(path, clock=lambda: now) as registry:
                _change(registry, order)
    impossible = ""
    async with _opened(config, path, by, now) as flow:
        for order in orders:
            impossible = await _judge(flow, path, order) or impossible
        for change in await flow.replayer.settle_waiting(now):
            flow.note(change)
        return Done(frozenset(flow.logged), impossible=impossible)


async def _judge(flow: _Flow, path: Path, order: Order) -> str:
    """Judge again what the order concerns; return why it could not be done, or nothing."""
    with Views(path, clock=lambda: flow.now) as views:
        targets = _targets(views, order)
    if order.kind == "approve-route":
        return await _believe(flow, path, order)
    if order.kind in _BY_HAND:
        if order.words:
            with Registry(path, clock=lambda: flow.now) as registry:
                registry.choose_contact(order.entry_id, order.words[0])
        done = [await _log(flow, target, order) for target in targets]
        if order.kind == "log-thread":
            with Registry(path, clock=lambda: flow.now) as registry:
                registry.log_thread(order.entry_id)
        return "" if any(done) else NOT_KEPT
    if order.kind == "discard":
        return await _discard(flow, order.entry_id)
    for target in targets:
        flow.note(await flow.replayer.replay(target, flow.now, by=flow.by))
    return ""


async def _log(flow: _Flow, entry_id: str, order: Order) -> bool:
    """Log one message; of the others of a conversation the rules are asked first."""
    if (order.words or entry_id != order.entry_id) and flow.note(
        await flow.replayer.replay(entry_id, flow.now, by=flow.by)
    ):
        return True
    kept = await flow.store.kept(entry_id)
    held = kept is not None and kept.decision_outcome is Outcome.HELD
    reason = Reason.APPROVED if held else Reason.LOGGED_BY_HAND
    change = await flow.replayer.log_by_hand(entry_id, flow.now, by=flow.by, reason=reason)
    return flow.note(change)


async def _believe(flow: _Flow, path: Path, order: Order) -> str:
    """Believe this user from this client from now on; judge anew what is held for want of that."""
    kept = await flow.store.kept(order.entry_id)
    with Views(path, clock=lambda: flow.now) as views:
        entry = views.find(order.entry_id)
        wanted = Wanted(outcome=Outcome.HELD, reason=Reason.COPY_SENDER_UNVERIFIED)
        waiting = [line.entry_id for line in views.page(wanted, None, count=MOST_FOLLOW)[0]]
    unproven = (
        answer.evidence.get("address")
        for answer in (entry.trace if entry else ())
        if answer.rule == Reason.COPY_SENDER_UNVERIFIED and answer.matched
    )
    user = flow.store.directory.user_of(str(next(unproven, "")))
    if kept is None or user is None or not kept.envelope.client.address:
        return NO_ROUTE
    with Registry(path, clock=lambda: flow.now) as registry:
        registry.approve_route(kept.envelope.client.address, user.key, flow.by)
    for entry_id in reversed(waiting):
        flow.note(await flow.replayer.replay(entry_id, flow.now, by=flow.by))
    if order.entry_id not in flow.logged and not await _log(flow, order.entry_id, order):
        return NOT_KEPT
    return ""


async def _discard(flow: _Flow, entry_id: str) -> str:
    change = await flow.replayer.preview(entry_id, flow.now)
    if change is None or not isinstance(change.case, Case):
        return GONE
    decision = discard_by_hand(change.case, flow.by)
    await flow.store.revise(change.case, Revision(entry_id, decision, flow.by))
    return ""


def _targets(views: Views, order: Order) -> list[str]:
    """Return the messages that an order concerns, oldest first."""
    if order.kind == "log-thread":
        entry = views.find(order.entry_id)
        if entry is None or entry.thread_id is None:
            return [order.entry_id]
        found = views.search(Filters(thread=entry.thread_id, kept=True))
        return [one.entry_id for one in found if one.outcome in CURABLE][::-1]
    if order.kind == "merge":
        return _cured_by_merge(views, order)
    if order.changes_facts:
        return views.same_cause(order.command)
    return [order.entry_id]


def _cured_by_merge(views: Views, order: Order) -> list[str]:
    """Return what asks for one of the merged addresses to be added to the contact."""
    keeper, _, *gone = order.words
    contact = views.contact(int(keeper))
    named = contact.addresses if contact else ()
    commands = (f"replygate contact add-address {one} {other}" for one in named for other in gone)
    return sorted({entry for command in commands for entry in views.same_cause(command)})


def _change(registry: Registry, order: Order) -> None:
    """Change what is known, as the command of the same words does."""
    first, *more = order.words
    if order.kind == "merge":
        registry.merge(int(first), int(more[0]))
    elif order.kind == "connect":
        registry.connect(first, more[0] if more else None)
    elif order.kind == "add-address":
        registry.add_address(int(first) if first.isdecimal() else first, more[0])
    elif order.kind == "add-contact":
        registry.add_contact(first)
    elif order.kind == "unlist":
        registry.remove_never_log(first, more[0] if more else "")
    elif order.kind == "allow":
        registry.allow_sender(first)
    elif order.kind == "permit":
        registry.set_permitted(first, on=True)
    else:
        registry.set_logging(first, on=True)


@asynccontextmanager
async def _opened(config: Config, path: Path, by: str, now: datetime) -> AsyncIterator[_Flow]:
    """Give the parts that judge; a gateway on the same store goes on undisturbed."""
    store = open_store(
        path,
        domains=frozenset(config.gateway.domains),
        logging_addresses=config.addresses,
        crm_logins=config.crm_logins,
        clock=lambda: now,
    )
    try:
        verifier = Verifier(config.trust, Keys(make_resolver()))
        read = reader(all_signatures(config.signatures))
        policy = in_force(config.policy, store.directory.switched)
        replayer = Replayer(store, verifier, policy, read)
        yield _Flow(store, replayer, now, by)
    finally:
        store.close()

"""How labels were met, and the sums of it by task and source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Label = dict[str, Any]
NEEDED = {
    "bounce": ("recognised", "feedback", "hard"),
    "forward_unwrap": ("count", "author", "subject"),
    "ordinary_mail": ("no_auto_reply", "no_bounce"),
}
"""The fields that make a case right."""


@dataclass
class Result:
    """How one label was met."""

    label: Label
    right: bool = False
    predicted: bool | None = None
    actual: bool | None = None
    fields: dict[str, bool] = field(default_factory=dict)
    detail: str = ""
    missing: bool = False
    answers: dict[str, str] = field(default_factory=dict)
    """What we say of fields that a note may argue about."""
    argued: bool = False
    """Not right by its label, which a note holds to be wrong."""


def summarise(results: Iterable[Result]) -> list[dict[str, Any]]:
    """Return one object per task and source."""
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        source = result.label["source"]
        if variant := result.label.get("variant"):
            source = f"{source}/{variant}"
        groups[result.label["task"], source].append(result)
    rows = []
    for (task, source), group in sorted(groups.items()):
        hits = sum(1 for r in group if r.predicted and r.actual)
        predicted = sum(1 for r in group if r.predicted)
        actual = sum(1 for r in group if r.actual)
        seen: dict[str, list[bool]] = defaultdict(list)
        for result in group:
            for name, right in result.fields.items():
                seen[name].append(right)
        rows.append(
            {
                "task": task,
                "source": source,
                "cases": len(group),
                "right": sum(1 for r in group if r.right),
                "argued": sum(1 for r in group if r.argued),
                "positives": actual,
                "precision": round(hits / predicted, 4) if predicted else None,
                "recall": round(hits / actual, 4) if actual else None,
                "fields": {name: f"{sum(all_)}/{len(all_)}" for name, all_ in seen.items()},
                "missing": sum(1 for r in group if r.missing),
            }
        )
    return rows

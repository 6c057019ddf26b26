"""Scores what no label calls automatic: how much ordinary mail is taken for a robot's."""

from __future__ import annotations

from pathlib import Path

from gateway.model.message import Kind
from tests.bench.accuracy import read
from tests.bench.results import Label, Result


def score_ordinary(folder: Path, labels: list[Label]) -> list[Result]:
    """Score all mail that nobody labels as automatic and that holds no report, each file once."""
    told = {
        label["path"]
        for label in labels
        if {"bounce", "auto_reply", "feedback_report"}
        & {k for k, v in label["expected"].items() if v}
    }
    paths = {label["path"] for label in labels if label.get("kind") != "plain_body"} - told
    results = []
    for path in sorted(path for path in paths if (folder / path).exists()):
        octets = (folder / path).read_bytes()
        if b"delivery-status" in octets.lower():
            continue
        kind = read(octets)[1].kind
        fields = {
            "no_auto_reply": kind is not Kind.AUTO_REPLY,
            "no_bounce": kind is not Kind.BOUNCE,
        }
        label = {"id": f"om:{path}", "task": "ordinary_mail", "source": "corpus"}
        answers = {"no_bounce": str(kind)}
        results.append(Result(label, all(fields.values()), fields=fields, answers=answers))
    return results

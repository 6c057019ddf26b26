"""`replygate scanner`: what security products leave in mail, known and learned."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from gateway.cli.command import Command, Group
from gateway.cli.inspect import files_in, own_signatures
from gateway.cli.output import json_option, print_json, print_rows, progress, safe
from gateway.cli.trouble import CommandError
from gateway.mail.scanners import STATES, Signature, compile_signature

WHERE = "Put it, mended, into the file that `scanners` under [policy] names, then reload."
NOTHING = "Nothing in {file} looks like a scanner's trace. Name its words with --text."
MATCHES = 10
"""So many of the files that a record also matches are named."""


@click.group("scanner", cls=Group)
def scanner() -> None:
    """What security products leave in mail in place of the files that they take away."""


@scanner.command("list", cls=Command)
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List the records of scanners, shipped and your own."""
    from gateway.config.scanners import all_signatures

    own = own_signatures(ctx)
    rows = [
        {
            "id": one.ident,
            "product": one.product,
            "state": one.state,
            "clues": len(one.clues),
            "need": one.need,
            "confidence": one.confidence,
            "own": one in own,
            "source": one.source,
        }
        for one in all_signatures(own)
    ]
    columns = ("id", "product", "state", "own", "source")
    print_rows(rows, columns, as_json=as_json, empty="There is no record.")


@scanner.command(cls=Command)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--text", "words", default="", help="Words of the product, as they stand in it.")
@click.option("--product", default="", help="The name of the product, for remedies.")
@click.option("--state", type=click.Choice(sorted(STATES)), help="What it did with the file.")
@click.option(
    "--against",
    type=click.Path(exists=True, path_type=Path),
    help="Ordinary mail, a file or a folder: say which of it the record would match too.",
)
@json_option
@click.pass_context
def learn(
    ctx: click.Context,
    file: Path,
    *,
    words: str,
    product: str,
    state: str | None,
    against: Path | None,
    as_json: bool,
) -> None:
    """Propose a record from the message FILE, in which a scanner has left its trace."""
    from gateway.filetypes import reader
    from gateway.mail.learning import propose
    from gateway.mail.reading import read_heading

    octets = file.read_bytes()
    record = propose(octets, reader()(octets, read_heading(octets)), words)
    if record is None:
        raise CommandError(NOTHING.format(file=file))
    told = {"product": product, "state": state or ""}
    record |= {key: value for key, value in told.items() if value}
    signature = compile_signature(record)
    if not _matches(signature, octets):
        raise CommandError(f"The words are not outside the quotation of {file}. Copy them exactly.")
    if as_json:
        print_json(record)
    else:
        click.echo(safe("\n".join(_as_toml(record))))
    _say_known(ctx, octets)
    if against is not None:
        _compare(signature, against)
    click.echo(WHERE, err=True)


def _say_known(ctx: click.Context, octets: bytes) -> None:
    """Say which records know the message already."""
    from gateway.config.scanners import all_signatures

    known = [one for one in all_signatures(own_signatures(ctx)) if _matches(one, octets)]
    if known:
        names = ", ".join(f"{one.ident} ({one.state})" for one in known)
        click.echo(f"It is known already by: {names}.", err=True)


def _compare(signature: Signature, against: Path) -> None:
    """Say which of ordinary mail the record would match too."""
    paths = list(files_in([against]))
    matched: list[Path] = []
    with progress("Comparing", len(paths)) as step:
        for path in paths:
            step(1)
            if _matches(signature, path.read_bytes()):
                matched.append(path)
    click.echo(f"It matches {len(matched)} of {len(paths)} files of {against}.", err=True)
    for path in matched[:MATCHES]:
        click.echo(f"  {safe(str(path))}", err=True)


def _matches(signature: Signature, octets: bytes) -> bool:
    from gateway.mail.reading import read_heading, read_message

    return bool(read_message(octets, read_heading(octets), (signature,)).scanner)


def _as_toml(record: Mapping[str, object]) -> Iterator[str]:
    """Yield the lines of a record; JSON's strings are TOML's, half characters excepted."""
    yield "[[scanner]]"
    clues = record["any"]
    for key, value in record.items():
        if key != "any":
            yield f"{key} = {_value(value)}"
    yield "any = ["
    for clue in clues if isinstance(clues, list) else ():
        inside = ", ".join(f"{key} = {_value(value)}" for key, value in clue.items())
        yield f"    {{ {inside} }},"
    yield "]"


def _value(value: object) -> str:
    text = value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
    return json.dumps(text, ensure_ascii=False)

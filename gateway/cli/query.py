"""`replygate query`: what no other command answers, in SQL."""

from __future__ import annotations

import click

from gateway.cli.command import Command, config_file
from gateway.cli.opening import open_registry
from gateway.cli.output import json_option, print_rows
from gateway.cli.trouble import CommandError
from gateway.config.load import load_config
from gateway.store.questions import QuestionError, ask, tables


@click.command("query", cls=Command)
@click.argument("sql", required=False)
@click.option("--tables", "wants_tables", is_flag=True, help="List the tables and their columns.")
@json_option
@click.pass_context
def query(ctx: click.Context, sql: str | None, *, wants_tables: bool, as_json: bool) -> None:
    """Ask the store in SQL.

    Such as: SELECT reason, count(*) FROM entries GROUP BY 1

    It can only read. Tables may change from version to version; for scripts, the other commands
    with --json are steadier.
    """
    if (sql is None) != wants_tables:
        raise click.UsageError("Give one SELECT in quotes, or --tables.")
    config = load_config(config_file(ctx))
    open_registry(config).close()
    try:
        rows = list(ask(config.store_path, sql) if sql is not None else tables(config.store_path))
    except QuestionError as error:
        raise CommandError(str(error)) from error
    columns = tuple(rows[0]) if rows else ()
    print_rows(rows, columns, as_json=as_json, empty="No rows.")

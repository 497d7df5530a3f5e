"""`rude-tui serve`."""

from __future__ import annotations

from pathlib import Path

import click

from rude_tui.options import database

__all__ = ["serve"]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@database
def serve(host: str, port: int, db: Path | None) -> None:
    """Open the app in a browser; every browser gets an app of its own, all on one database.

    Prints an address that holds a token; without it nothing is served. Whoever has it can do what you can do in the
    app, so listen on another address than this machine's own only in a network you trust: the connection is not
    encrypted.
    """
    from rude_tui.serving import serve_app

    serve_app(db or click.get_current_context().find_root().obj, host, port)

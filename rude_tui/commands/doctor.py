"""`rude-tui doctor`."""

from __future__ import annotations

import click

from rude_tui.options import as_json
from rude_tui.output import print_json, print_table

__all__ = ["doctor"]


@click.command()
@click.option("--ray", metavar="auto|ADDRESS", help="Join this Ray cluster too, and ask each of its nodes what it has.")
@as_json
@click.option("--db", hidden=True)
@click.pass_context
def doctor(ctx: click.Context, ray: str | None, as_json: bool, db: str | None) -> None:
    """Check this machine: versions, devices, memory, disk, terminal, plugins. Exits 1 if something is missing."""
    from engine.jobs.cluster.checks import cluster_checks
    from engine.machine.doctor import report

    checks = [*report(), *(cluster_checks(ray) if ray is not None else ())]
    if as_json:
        print_json([{"name": c.name, "ok": c.ok, "detail": c.detail, "fix": c.remedy} for c in checks])
    else:
        print_table(
            ["check", "ok", "found", "to do"], [[c.name, "✓" if c.ok else "✗", c.detail, c.remedy] for c in checks]
        )
    ctx.exit(0 if all(check.ok for check in checks) else 1)

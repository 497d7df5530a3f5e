"""`rude-tui suite`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from rubrics.counted import count
from rude_tui.commands.suite.importing import import_
from rude_tui.options import as_json, database, store_of, suite_names, take_over_option, telling_options
from rude_tui.output import interval, narrate, percent, print_json, print_table

__all__ = ["suite"]


@click.group()
def suite() -> None:
    """Suites of pairs: list, show, check, generate, import, export."""


@suite.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the suites that ship with the program, and those that other packages bring."""
    from rubrics.plugins import named
    from rubrics.reading import built_in_names, find_suite, plugin_suites

    rows: list[dict[str, Any]] = []
    for name in [*built_in_names(), *plugin_suites()]:
        built_in = find_suite(name)
        plugin = named("suites", name) if name not in built_in_names() else None
        rows.append({
            "name": name, "package": f"{plugin.package} {plugin.version}" if plugin else None,
            "hash": built_in.hash, "pairs": len(built_in.scored),
            "prompts": len({pair.group for pair in built_in.scored}),
            "domains": sorted({pair.domain for pair in built_in.scored}),
        })  # fmt: skip
    if as_json:
        print_json(rows)
        return
    print_table(
        ["suite", "hash", "pairs", "prompts", "domains", "from"],
        [
            [r["name"], str(r["hash"])[:12], r["pairs"], r["prompts"], ", ".join(r["domains"]), r["package"] or "ships"]
            for r in rows
        ],
        right=["pairs", "prompts"],
    )


@suite.command()
@click.argument("name", metavar="S", shell_complete=suite_names)
@click.option("--pair", "pair_id", metavar="ID", help="Show this pair in full.")
@as_json
def show(name: str, pair_id: str | None, as_json: bool) -> None:
    """Show a suite: its card, its coverage, its pairs."""
    from rubrics.errors import BadInput
    from rubrics.reading import find_suite

    shown = find_suite(name)
    if pair_id is not None:
        pair = next((pair for pair in shown.pairs if pair.id == pair_id), None)
        if pair is None:
            raise BadInput(f"no pair {pair_id!r}", where=name, fix=f"rude-tui suite show {name} lists the ids")
        print_json(pair.model_dump(mode="json", exclude_none=True))
        return
    if as_json:
        print_json({
            "name": shown.name, "hash": shown.hash, "card": shown.card,
            "pairs": [
                {
                    "id": p.id, "domain": p.domain, "group": p.group, "cluster": p.cluster, "violated": p.violated,
                    "subcategories": p.subcategories, "split": p.split,
                }
                for p in shown.pairs
            ],
        })  # fmt: skip
        return
    narrate(shown.card.strip() or f"{shown.name} has no card")
    sizes = sorted({len(pair.violated) for pair in shown.scored})
    table = Counter((str(s), len(pair.violated)) for pair in shown.scored for s in pair.subcategories)
    print_table(
        ["subcategory", *(f"|V|={n}" for n in sizes)],
        [[s, *(table[s, n] or "–" for n in sizes)] for s in dict.fromkeys(sub for sub, _ in sorted(table))],
        right=[f"|V|={n}" for n in sizes],
    )
    print_table(
        ["pair", "domain", "violates", "split"],
        [
            [p.id, p.domain, ", ".join(f"{c.id} ({c.subcategory})" for c in p.violated_criteria), p.split]
            for p in shown.pairs
        ],
    )
    narrate(
        f"{shown.name} {shown.hash[:12]}: {count(len(shown.scored), 'pair')}, "
        f"{count(len(shown.pairs) - len(shown.scored), 'exemplar')}"
    )


@suite.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE ...")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="M",
    help="Also: this candidate's likelihood accuracy without the prompt.",
)
@telling_options
@take_over_option
@as_json
@database
@click.pass_context
def check(
    ctx: click.Context, files: tuple[str, ...], models: tuple[str, ...], take_over: bool, as_json: bool,
    db: Path | None,
) -> None:  # fmt: skip
    """Check suites: duplicates, coverage, lengths, and whether the text alone gives the answer away.

    Exits 3 on errors, 0 with warnings. Several suites are also checked against each other. With --model, a candidate is
    scored by likelihood with each pair's prompt, without it, and with another pair's: what it gets right without the
    right prompt is fluency, not understanding.
    """

    from rubrics.check import check_file
    from rubrics.errors import Exit
    from rubrics.reading import find_suite, suite_path
    from screens.shell.plain import plain

    paths = [suite_path(name) for name in files]
    reports = []
    for path in paths:
        other_suites = [find_suite(str(other_path)) for other_path in paths if other_path != path]
        reports.append(check_file(path, other_suites))
    controls = {model: {str(path): _controls(str(path), model, db, take_over) for path in paths} for model in models}
    if as_json:
        print_json([
            {**report.to_json(), "controls": {model: by_path[str(path)] for model, by_path in controls.items()}}
            for path, report in zip(paths, reports, strict=True)
        ])  # fmt: skip
    else:
        sys.stdout.write("\n".join(plain(report.render()) for report in reports) + "\n")
        for model, by_path in controls.items():
            for path in paths:
                _print_controls(f"{model}, {path.stem}", by_path[str(path)])
    if any(report.errors for report in reports):
        ctx.exit(Exit.BAD_INPUT)


def _controls(path: str, model: str, db: Path | None, take_over: bool) -> list[dict[str, Any]]:
    from engine.jobs.controls import controls
    from rude_tui.terminal_progress import asked_progress

    store = store_of(db, new=True)
    return [
        {
            "scope": scope, "shown": row.candidate, "value": row.value, "ci_low": row.ci_low, "ci_high": row.ci_high,
            "n_pairs": row.n_pairs,
        }
        for scope, ranking in controls(store, model, path, asked_progress(), take_over=take_over).items()
        for row in ranking.rows
    ]  # fmt: skip


def _print_controls(title: str, rows: list[dict[str, Any]]) -> None:
    from engine.results.controls import SHOWN

    cells: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        cells.setdefault(row["scope"], {})[row["shown"]] = row
    names = list(SHOWN.values())
    print_table(
        [title, "pairs", *(part for name in names for part in (name, "95 %"))],
        [
            [
                scope, by_name[names[0]]["n_pairs"],
                *(
                    part
                    for name in names
                    for row in [by_name[name]]
                    for part in (percent(row["value"]), interval(row["ci_low"], row["ci_high"]))
                ),
            ]
            for scope, by_name in cells.items()
        ],
        right=["pairs", *names, "95 %"],
    )  # fmt: skip


@suite.command()
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--pairs", type=click.IntRange(1), default=360, show_default=True, metavar="M")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Suite file to write (.jsonl).")
def generate(seed: int, pairs: int, output: Path) -> None:
    """Write fresh pairs of the procedural world: never seen before, each proven by its verifiers."""
    from rubrics.reading import write_suite
    from rubrics.world.generate import generate as make

    fresh = list(make(seed, pairs))
    write_suite(output, fresh)
    narrate(f"{count(len(fresh), 'pair')}, seed {seed} → {output}")


def _shapes(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    from engine.export.suites.formats import FORMATS

    return [name for name in FORMATS if name.startswith(incomplete)]


@suite.command()
@click.argument("name", metavar="S", shell_complete=suite_names)
@click.option(
    "--as", "format", required=True, metavar="FORMAT", shell_complete=_shapes,
    help="trl, trl-plain, rewardbench, lm-eval or inspect.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True,
    help="FILE.jsonl, .json or .parquet for trl, trl-plain and rewardbench; a folder for lm-eval and inspect.",
)  # fmt: skip
def export(name: str, format: str, output: Path) -> None:
    """Write a suite in another program's shape; importing what was written gives back the same suite.

    \b
    trl          preference data as conversations: prompt, chosen, rejected
    trl-plain    the same as texts, laid out as they are scored under likelihood
    rewardbench  prompt, chosen, rejected, chosen_model, rejected_model, subset, id
    lm-eval      a task folder, whose result is the metric sum
    inspect      a folder with data set, task and scorer
    """
    from engine.export.suites.write import export_suite
    from rubrics.reading import find_suite

    rows = export_suite(find_suite(name), format, output)
    narrate(f"{count(rows, 'row')} → {output}")


suite.add_command(import_)

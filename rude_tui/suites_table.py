"""The table over several suites as `rank` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.stats.p_value import p_text
from rubrics.counted import count
from rude_tui.output import interval, narrate, percent, print_table

if TYPE_CHECKING:
    from engine.results.across_suites import AcrossSuites

__all__ = ["print_suites", "suites_json"]


def print_suites(table: AcrossSuites) -> None:
    """A row for each candidate: the mean with its tests, and the value on each suite."""
    by_candidate = {row.candidate: row for row in table.mean.rows}
    alone = len(by_candidate) == 1
    names = table.names
    columns = ["rank", "candidate", "parameters", "mean", "95 %", "first in", "p", "p (adjusted)"]
    number = len(columns)
    columns += [part for name in names for part in (name, f"95 % ({name})")] + ["not told apart from"]
    rows: list[list[Any]] = []
    for label, values in table.values.items():
        row, entrant = by_candidate.get(label), table.entrants[label]
        if row is None:
            cells: list[Any] = ["–", label, f"{entrant.parameters:,}", *["–"] * (number - 3)]
        else:
            ranks = f"{row.rank}" if row.rank_low == row.rank_high else f"{row.rank} ({row.rank_low}–{row.rank_high})"
            cells = [
                ranks, label, f"{entrant.parameters:,}", percent(row.value), interval(row.ci_low, row.ci_high),
                "–" if alone else f"{100 * row.p_best:.0f} %", p_text(row.p_value), p_text(row.p_adjusted),
            ]  # fmt: skip
        for value in values:
            cells += ["–", "–"] if value is None else [percent(value.value), interval(value.ci_low, value.ci_high)]
        rows.append([*cells, ", ".join(row.tied_with) or "–" if row is not None else "–"])
    text = ("candidate", "not told apart from")
    print_table(columns, rows, right=[column for column in columns if column not in text], keys=2)
    if table.parts:
        print_table(
            [table.by, "pairs", *table.values],
            [
                [
                    part, next(iter(held.values())).n_pairs,
                    *(percent(held[label].value) if label in held else "–" for label in table.values),
                ]
                for part, held in table.parts.items()
            ],
            right=["pairs", *table.values],
        )  # fmt: skip
    sizes = ", ".join(
        f"{name} {count(suite.overall.rows[0].n_pairs, 'pair')}"
        for name, suite in zip(names, table.suites, strict=True)
    )
    narrate(
        f"{table.protocol}, {table.metric} · chance {percent(table.chance)} · mean: every suite counts alike · {sizes}",
        "p, rank and who is not told apart are of the mean, on the pairs that all of its candidates have scored",
        *table.methods,
        *filter(None, [table.about_parts]),
        *(f"note: {note}" for note in table.notes),
    )


def suites_json(table: AcrossSuites) -> dict[str, Any]:
    """Everything, by name."""
    means = {row.candidate: row for row in table.mean.rows}

    def values(row: Any) -> dict[str, Any] | None:
        if row is None:
            return None
        return {name: getattr(row, name) for name in ("value", "ci_low", "ci_high", "n_pairs", "n_clusters", "rank")}

    return {
        "protocol": table.protocol, "metric": table.metric, "chance": table.chance,
        "suites": [{"suite": suite.suite, "suite_hash": suite.suite_hash} for suite in table.suites],
        "by": table.by,
        "parts": [
            {"part": part, "candidate": label, **(values(held[label]) or {})}
            for part, held in table.parts.items() for label in table.values if label in held
        ],
        "notes": list(table.notes),
        "rows": [
            {
                "candidate": label, "parameters": table.entrants[label].parameters,
                "precision": table.entrants[label].precision,
                "mean": None if label not in means else {
                    **(values(means[label]) or {}), "rank_low": means[label].rank_low,
                    "rank_high": means[label].rank_high, "p_best": means[label].p_best,
                    "p_value": means[label].p_value, "p_adjusted": means[label].p_adjusted,
                    "tied_with": list(means[label].tied_with),
                },
                "by_suite": {
                    suite.suite_hash: values(row) for suite, row in zip(table.suites, by_suite, strict=True)
                },
            }
            for label, by_suite in table.values.items()
        ],
    }  # fmt: skip

"""What a check found, for people and for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rubrics.check.power import ALIKE, DIFFER, POWER, THIN, Reach
from rubrics.counted import count
from rubrics.errors import Exit

__all__ = ["EVEN", "DetectorScore", "Finding", "Lengths", "Report"]

EVEN = (0.45, 0.55)
"""Accuracies between these say that a detector sees nothing; below is as much an artefact as above."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong (error) or worth a look (warning)."""

    severity: Literal["error", "warning"]
    code: str
    """Stable name of the kind of finding."""
    message: str
    count: int
    examples: tuple[str, ...] = ()
    """Up to five places where it shows."""


@dataclass(frozen=True)
class DetectorScore:
    """How often one artefact detector picks the chosen response without seeing the prompt."""

    detector: str
    """`longer` (no training: the longer response), `length`, `punctuation`, `words` or `characters`."""
    scope: str
    """`overall` or a subcategory."""
    trained_on: Literal["nothing", "all", "own"]
    """Pairs it learnt from, always of other units than it is tried on: all the suite's, or the subcategory's alone."""
    accuracy: float
    low: float
    high: float
    """95 % interval: Wilson's, with the design effect of units."""
    pairs: int
    units: int
    verdict: Literal["even", "unsure", "artefact"]
    """`artefact`: outside 45–55 % and surely not 50 %, allowing for how many scores there are; `unsure`: outside, by
    chance maybe."""


@dataclass(frozen=True)
class Lengths:
    """Sizes of responses, over scored pairs; ratio is rejected/chosen in bytes."""

    words_chosen: float
    words_rejected: float
    ratio_low: float
    ratio_median: float
    ratio_high: float
    """Medians of words; 5th, 50th and 95th percentile of the ratio."""


@dataclass(frozen=True)
class Report:
    """All that a check found. `exit_code` is 3 where there is an error, else 0: warnings are for judgement."""

    suite: str
    hash: str
    pairs: int
    scored: int
    shots: int
    groups: int
    clusters: int
    units: int
    unit: Literal["mirror set", "cluster"]
    """What detectors are cross-validated by."""
    findings: tuple[Finding, ...]
    coverage: dict[str, tuple[int, ...]]
    """Scored pairs by subcategory and |V| = 1, 2, 3, 4, 5 and more; a pair counts in each of its subcategories."""
    lengths: Lengths | None
    scores: tuple[DetectorScore, ...]
    reach: tuple[Reach, ...] = ()
    """What can be told by the whole, by each domain and subcategory, and by each subcategory within a domain."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    @property
    def exit_code(self) -> Exit:
        return Exit.BAD_INPUT if self.errors else Exit.DONE

    def to_json(self) -> dict[str, Any]:
        """Everything, ready for `json.dumps`; keys are the names of the fields, and stay."""
        return {**asdict(self), "exit_code": int(self.exit_code)}

    def render(self) -> str:
        """Everything as plain text."""
        # What stays together where pairs are held out is the cluster, if it is not smaller.
        apart = "" if self.unit == "cluster" else f", {count(self.units, self.unit)}"
        parts = [
            f"{self.suite}  {self.hash[:12]}",
            f"{self.scored:,} scored pairs, {count(self.shots, 'shot')}, {count(self.groups, 'prompt')}, "
            f"{count(self.clusters, 'cluster')}" + apart,
        ]
        if not self.scored and not self.shots:
            # Tables of nothing would only hide why.
            return "\n".join([parts[0], "", *_listed(self.errors, ())])
        if self.lengths:
            sizes = self.lengths
            parts.append(
                f"median words {sizes.words_chosen:.0f} chosen, {sizes.words_rejected:.0f} rejected; "
                f"rejected/chosen bytes {sizes.ratio_low:.2f} – {sizes.ratio_median:.2f} – {sizes.ratio_high:.2f} "
                "(5th, 50th, 95th percentile)"
            )
        if self.coverage:
            parts += ["", _coverage_table(self.coverage)]
        if self.reach:
            parts += ["", *_reach_tables(self.reach)]
        if self.scores:
            parts += ["", *_score_tables(self.scores)]
        parts += ["", *_listed(self.errors, self.warnings)]
        return "\n".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns two blanks apart: the first to the left, the others to the right."""
    widths = [max(_cells(row[at]) for row in (head, *rows)) for at in range(len(head))]
    lines = [
        "  ".join(
            cell + " " * (width - _cells(cell)) if at == 0 else " " * (width - _cells(cell)) + cell
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (head, *rows)
    ]
    return "\n".join(line.rstrip() for line in lines)


def _coverage_table(coverage: dict[str, tuple[int, ...]]) -> str:
    rows = [[name, *(str(n) if n else "·" for n in counts), str(sum(counts))] for name, counts in coverage.items()]
    return _table(["pairs by |V|", "1", "2", "3", "4", "5+", "all"], rows)


_WIDE = 6
"""Domains beyond which the table of cells is left to `--json`."""
_NAME = 18


def _reach_tables(reach: Sequence[Reach]) -> list[str]:
    """By domain, by subcategory, then by both."""
    rows: list[list[str]] = []
    for part in reach:
        if part.domain and part.subcategory:
            continue
        name = part.domain or part.subcategory or "all"
        mean = f"{part.tokens / part.pairs:,.0f}" if part.pairs else "–"
        rows.append([_short(name, 60), str(part.pairs), str(part.clusters), mean, _points(part)])
    parts = [_table(["difference that can be told", "pairs", "clusters", "≈ tokens a pair", "points"], rows)]
    domains = list(dict.fromkeys(part.domain for part in reach if part.domain and part.subcategory))
    if domains and len(domains) <= _WIDE:
        cells = {(part.subcategory, part.domain): part for part in reach}
        kinds = list(dict.fromkeys(part.subcategory for part in reach if part.subcategory))
        body = []
        for kind in kinds:
            own = [cells[kind, domain] for domain in domains]
            body.append([
                kind, *(f"{c.pairs}{'!' if c.pairs < THIN else ' '} {_points(c)}" if c.pairs else "·" for c in own)
            ])  # fmt: skip
        parts += ["", _table(["pairs, points", *(_short(domain, _NAME) for domain in domains)], body)]
    parts += [
        f"points: difference in accuracy that is found with {POWER * 100:.0f} % at 5 % where two candidates differ on "
        f"{DIFFER * 100:.0f} % of pairs (less",
        f"will do where they err alike) and pairs of a cluster are alike by {ALIKE:g}; – no difference can be told",
    ]
    if domains:
        parts.append(f"! fewer than {THIN} pairs")
    return parts


def _short(name: str, limit: int) -> str:
    name = " ".join(name.split())
    if _cells(name) <= limit:
        return name
    while _cells(name) >= limit:
        name = name[:-1]
    return f"{name}…"


def _cells(text: str) -> int:
    """Cells of a terminal: two for what is wide, none for what is laid over a letter or joins two."""
    wide = sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)
    return wide - sum(unicodedata.category(character) in ("Mn", "Me", "Cf") for character in text)


def _points(part: Reach) -> str:
    return "–" if part.detectable is None else f"{100 * part.detectable:.1f}"


_MARKS = {"even": " ", "unsure": "?", "artefact": "!"}


def _score_tables(scores: Sequence[DetectorScore]) -> list[str]:
    """Overall with intervals, then by subcategory, where a cell is the less even of what both trainings give."""
    overall = [score for score in scores if score.scope == "overall"]
    head = ["chosen found without the prompt", "%", "95 % interval", "pairs", ""]
    rows = [
        [
            s.detector,
            f"{s.accuracy:.1%}"[:-1],
            f"{s.low:.1%}"[:-1] + "–" + f"{s.high:.1%}"[:-1],
            str(s.pairs),
            _MARKS[s.verdict],
        ]
        for s in overall
    ]
    parts = [_table(head, rows)]
    names = [score.detector for score in overall]
    scopes = list(dict.fromkeys(score.scope for score in scores if score.scope != "overall"))
    if scopes:
        body = []
        for scope in scopes:
            cells = []
            for name in names:
                own = [s for s in scores if s.scope == scope and s.detector == name]
                worst = max(own, key=lambda s: abs(s.accuracy - 0.5)) if own else None
                cells.append(f"{worst.accuracy:.0%}{_MARKS[worst.verdict]}" if worst else "–")
            counted = next(s.pairs for s in scores if s.scope == scope)
            body.append([scope, *cells, str(counted)])
        parts += ["", _table(["by subcategory", *names, "pairs"], body)]
    parts += ["! artefact   ? outside 45–55 %, maybe by chance"]
    return parts


def _listed(errors: Sequence[Finding], warnings: Sequence[Finding]) -> list[str]:
    lines = []
    for word, findings in (("error", errors), ("warning", warnings)):
        for finding in findings:
            lines.append(f"{word}: {finding.message}")
            lines += [f"    {example}" for example in finding.examples]
    return [*lines, f"{count(len(errors), 'error')}, {count(len(warnings), 'warning')}"]

"""All checks on one suite, in memory or from a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rubrics.check.detectors import SAMPLE, detect
from rubrics.check.duplicates import check_duplicates
from rubrics.check.finding import finding
from rubrics.check.power import reaches
from rubrics.check.report import DetectorScore, Finding, Report
from rubrics.check.structure import check_structure, cover
from rubrics.check.templates import template_copies, template_warning
from rubrics.check.text import check_texts, measure_lengths
from rubrics.check.units import find_units
from rubrics.counted import count
from rubrics.errors import SuiteError
from rubrics.faults import shown
from rubrics.jsonl import open_lines
from rubrics.reading import built_in_names, find_suite, read_card, scan_lines
from rubrics.schema import Suite

__all__ = ["check_file", "check_suite"]


def check_suite(suite: Suite, others: Sequence[Suite] = (), *, detectors: bool = True) -> Report:
    """Everything that can be said about a suite without a model; `others` are looked through for the same pairs.

    `detectors=False` leaves out the artefact detectors, which take most of the time.
    """
    pairs = suite.scored
    scores = detect(pairs) if detectors else []
    findings = [
        *finding("error", "empty", "holds no pair to score", [] if pairs else [suite.name]),
        *_same_name(suite, others),
        *check_structure(suite),
        *_templates(suite),
        *check_duplicates(suite, others),
        *check_texts(suite.pairs),
        *_artefacts(scores),
        *_undetected(suite, scores, detectors),
    ]
    units = find_units(pairs)
    return Report(
        suite=suite.name,
        hash=suite.hash,
        pairs=len(suite.pairs),
        scored=len(pairs),
        shots=len(suite.pairs) - len(pairs),
        groups=len({pair.group for pair in pairs}),
        clusters=len({pair.cluster for pair in pairs}),
        units=units.number,
        unit=units.kind,
        findings=tuple(findings),
        coverage=cover(pairs),
        lengths=measure_lengths(pairs),
        scores=tuple(scores),
        reach=reaches(pairs),
    )


def check_file(path: Path, others: Sequence[Suite] = (), *, detectors: bool = True) -> Report:
    """The same for a file, whose faults are findings: pairs that are whole are checked even where others are not.

    Raises:
        SuiteError: the file cannot be read at all.
    """
    with open_lines(path, SuiteError) as lines:
        scan = scan_lines(lines)
    unique = {pair.id: pair for pair in reversed(scan.pairs)}
    suite = Suite(name=path.stem, pairs=tuple(reversed(unique.values())), card=read_card(path))
    report = check_suite(suite, others, detectors=detectors)
    faults = [Finding("error", "schema", str(fault), 1) for fault in scan.faults]
    return replace(report, findings=(*faults, *report.findings))


def _same_name(suite: Suite, others: Sequence[Suite]) -> list[Finding]:
    """Another suite of the same name, among the others or those that ship; results are told apart by name."""
    named = [other.name for other in others if other.name == suite.name and other.hash != suite.hash]
    if not named and suite.name in built_in_names() and find_suite(suite.name).hash != suite.hash:
        named = [f"{suite.name} (built-in)"]
    return finding("warning", "same-name", "another suite is called by this name too; rename one", named)


def _templates(suite: Suite) -> list[Finding]:
    copies = template_copies(((pair.cluster, pair.prompt_text) for pair in suite.scored), small_too=True)
    if not copies:
        return []
    examples = tuple(f"{found.clusters} like {shown(found.example)}" for found in copies[:5])
    return [Finding("warning", "template-copies", template_warning(copies), len(copies), examples)]


def _artefacts(scores: Sequence[DetectorScore]) -> list[Finding]:
    """One warning for each detector that finds something."""
    findings: list[Finding] = []
    for name in dict.fromkeys(score.detector for score in scores):
        places = [
            f"{s.scope}: {s.accuracy:.1%} ({s.low:.1%} – {s.high:.1%}, {count(s.pairs, 'pair')})"
            for s in scores
            if s.detector == name and s.verdict == "artefact"
        ]
        message = (
            f"“{name}” finds the chosen response without the prompt, overall or in a subcategory ({{n}} [score|scores])"
        )
        findings += finding("warning", f"artefact-{name}", message, places)
    return findings


def _undetected(suite: Suite, scores: Sequence[DetectorScore], detectors: bool) -> list[Finding]:
    """What the detectors could not look at."""
    if not detectors or not suite.scored:
        return []
    if not scores:
        message = "too few clusters for artefact detectors; nothing can be said about short cuts"
        return finding("warning", "no-detectors", message, [suite.name])
    left = len(suite.scored) - scores[0].pairs
    if left <= 0:
        return []
    share = math.floor(100 * scores[0].pairs / len(suite.scored))
    of_all = f"{scores[0].pairs:,} of {count(len(suite.scored), 'pair')} ({share} %)"
    message = f"artefact detectors saw {of_all}, at most {SAMPLE:,}"
    return [Finding("warning", "sampled", message, left, ())]

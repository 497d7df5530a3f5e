"""What the ladder showed, written down from its rows: outcomes, points, a plot, notes for the app, and the card."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.stats import t

import data
from data.bundled import bundled_models
from engine.correlation.predictor_outcome import RUDE, SIZE, CorrelationView, Point, view_of
from engine.outcomes.outcomes import Outcome
from engine.posttrain.ladder.analysis import (
    CLAIM,
    LEAST,
    OUTCOMES,
    WITHDRAWN,
    Ceiling,
    LadderAnalysis,
    analyse,
    ceiling,
)
from engine.posttrain.ladder.card_checks import markdown, sections
from engine.posttrain.ladder.checks import Checks, check
from engine.posttrain.ladder.predictors import DIALOGUE_LOSS, pair_scores
from engine.posttrain.ladder.rows import LadderRows, read_rows, write_csv_rows
from engine.posttrain.ladder.words import cautions, in_words, notes, summary, withdrawn
from engine.posttrain.outcomes import level, outcomes_of
from engine.posttrain.recipe import PostTraining
from engine.store.posttrain import StageScore
from rubrics.counted import count
from rubrics.errors import BadInput
from rubrics.targets import write_whole

__all__ = ["NOTES", "PLOT", "SUMMARY", "card", "report"]

PLOT: Final = "rl_met.svg"
NOTES: Final = "notes.json"
SUMMARY: Final = "summary.md"
Scores = Mapping[str, Sequence[Sequence[StageScore]]]


def report(folder: Path) -> LadderAnalysis:
    """Make everything that follows from the rows in a folder, in that folder.

    Raises:
        BadInput: rows are missing, or none has an outcome.
    """
    rows = read_rows(folder)
    if not rows.scores or not rows.bases:
        raise BadInput("no post-training is finished", where=str(folder), fix="run the ladder first: make ladder")
    analysis = analyse(rows)
    checks = check(rows, analysis, [path.name for path in bundled_models()])
    highest = _ceiling_of(rows, analysis)
    outcomes = [outcome for name, seeds in rows.scores.items() for outcome in outcomes_of(name, seeds)]
    columns = ["candidate", "outcome", "score", "stderr", "source", "domain", "scale", "samples"]
    write_csv_rows(folder / "outcomes.csv", columns, _rows(outcomes))
    header = ["candidate", "family", *analysis.known, *analysis.outcomes]
    write_csv_rows(folder / "points.csv", header, _points(analysis))
    texts = {
        PLOT: _plot(analysis),
        NOTES: json.dumps(notes(analysis, checks), ensure_ascii=False, indent=1) + "\n",
        SUMMARY: summary(analysis, checks, highest.correlation) + "\n",
        "card.md": card(rows, analysis, checks, highest),
    }
    for name, text in texts.items():
        with write_whole(folder / name) as out:
            out.write(text)
    return analysis


def _rows(outcomes: Iterable[Outcome]) -> Iterable[list[object]]:
    for o in sorted(outcomes, key=lambda o: (o.candidate, o.outcome)):
        share = ["", ""] if o.scale is None else [f"{o.scale:g}", o.samples]
        yield [o.candidate, o.outcome, f"{o.score:.4f}", f"{o.stderr:.4f}", o.source, o.domain or "", *share]


def _points(analysis: LadderAnalysis) -> Iterable[list[object]]:
    """One row a candidate: predictors and outcomes, as measured."""
    columns = [*(analysis.values[name] for name in analysis.known), *analysis.outcomes.values()]
    for n, (name, family) in enumerate(zip(analysis.names, analysis.families, strict=True)):
        yield [name, family, *(f"{column[n]:.5f}" for column in columns)]


def _view(analysis: LadderAnalysis) -> CorrelationView:
    """The claim's scatter."""
    shipped = {path.name for path in bundled_models()}
    points = [
        Point(name, float(x), math.nan, math.nan, float(y), float(size), family, name in shipped)
        for name, family, x, y, size in zip(
            analysis.names, analysis.families, analysis.values[RUDE], analysis.outcomes[CLAIM], analysis.values[SIZE],
            strict=True,
        )
    ]  # fmt: skip
    return replace(view_of(RUDE, CLAIM, "", 0.5, points, []), whose="ladder")


def _plot(analysis: LadderAnalysis) -> str:
    from engine.export import figures

    return figures.rendered(figures.correlation(_view(analysis), width=5.2), "svg").decode("utf-8")


def _ceiling_of(rows: LadderRows, analysis: LadderAnalysis) -> Ceiling:
    """Of the claim; the predictor's part from the models with rows, of which some may have been trained again."""
    names = [name for name in analysis.names if name in rows.bases]
    numbers: dict[str, int] = {}
    cluster = np.array([numbers.setdefault(p.cluster, len(numbers)) for p in rows.suite.scored], dtype=np.int32)
    wins = np.array([pair_scores(rows.bases[name].pairs, "per_byte") for name in names])
    return ceiling(wins, cluster, [rows.scores[name] for name in analysis.names])


def card(rows: LadderRows, analysis: LadderAnalysis, checks: Checks, highest: Ceiling) -> str:
    """The card as Markdown."""
    parts = [
        "# Was the ranking right? The ladder's outcomes",
        f"**{analysis.conclusion}**",
        f"**Withdrawn.** {withdrawn(analysis, checks)}",
        "What else must be known before that is believed:",
        "\n".join(f"- {text}" for text in cautions(analysis, checks)),
        _state(rows, analysis),
        f"![RuDE accuracy of the base models against {CLAIM}]({PLOT})",
        "## What was done",
        _method(rows.recipe),
        "## Every model",
        _models(analysis, rows.scores),
        _lifts(rows.scores),
        "## The claim, and its rivals",
        _claim(analysis),
        *sections(rows, analysis, checks),
        f"## All predictors against {CLAIM}: exploration",
        _league(analysis),
        "## Other outcomes",
        _others(analysis),
        "## Within families, across them, and at equal compute",
        _groups(analysis),
        "## How high could it be?",
        _ceiling(highest, sum(name in rows.bases for name in analysis.names), analysis.n),
        "## Small ones that beat larger ones",
        _upsets(analysis),
        _CAVEATS.read_text(encoding="utf-8").strip(),
        _AGAIN,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


CLAIM_SEEDS = 2
_CAVEATS = Path(data.__file__).parent / "ladder" / "caveats.md"
"""What no number says by itself: an earlier reading, what did not work, what is not shown."""

_AGAIN = """\
## Again

```
make ladder-report                                                # all of this from the rows here, without training
make ladder                                                       # everything, from seeds; goes on where it stopped
python -m engine.posttrain.ladder work --out build/ladder         # as many of these as there are cores
python -m engine.posttrain.ladder work --bases --out build/ladder # pre-trained and read only: an hour of one core
python -m engine.posttrain.ladder rows --out build/ladder         # the rows of this folder, from what is done
```

`claim.md` was written before any model was post-trained; `ladder.toml` and `posttrain.toml` hold every choice. Rows:
`scores.csv` has criteria met by candidate, seed, stage and family; `verdicts.parquet` what each base model said on each
pair under both protocols, with means of token scores; `dialogues.parquet` its loss on fresh clean dialogues;
`answers.parquet` whether its greedy answer to each prompt met the criterion; `models.csv` hashes, seeds and versions;
`measured.csv` the predictors of the weights that were post-trained."""


def _state(rows: LadderRows, analysis: LadderAnalysis) -> str:
    seeds = Counter(len(rows.scores[name]) for name in analysis.names)
    expected = len(analysis.recipes)
    shown = ", ".join(f"{models} with {count(n, 'seed')}" for n, models in sorted(seeds.items()))
    text = f"{analysis.n} of {expected} models of the ladder are finished ({shown})."
    if analysis.n < LEAST:
        text += f" The claim asks for {LEAST}; until then every number below is a look at what is coming."
    if min(seeds) < CLAIM_SEEDS:
        text += f" The claim is about the mean of {CLAIM_SEEDS} seeds: with one, a model's outcome is as noisy as that."
    for run in rows.failed:
        text += f" {run['candidate']}, seed {run['seed']}, broke down: {run['why'][:120]}."
    return text


def _method(recipe: PostTraining) -> str:
    tasks, sft, rl = recipe.tasks, recipe.sft, recipe.rl
    low_rank = f", through LoRA of rank {rl.rank}" if rl.rank else ""
    return (
        f"Every base model had the same post-training (`posttrain.toml`, {recipe.hash}): {sft.steps} steps of "
        f"supervised fine-tuning on {sft.batch} clean demonstrations each, then {rl.steps} steps of GRPO on "
        f"{rl.prompts} prompts × {rl.generations} responses{low_rank}, rewarded with the share of criteria met by "
        f"their verifiers. Prompts came from {len(tasks.train)} template families; answers were judged on "
        f"{tasks.per_family} fresh prompts of each of {len(tasks.test)} other families that occur neither there nor in "
        "any dialogue of pre-training (*held out*), and on fresh prompts of the trained families (*seen*). RuDE was "
        "measured on the base models, on all 480 pairs of `world`."
    )


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f}"


def _shares(seeds: Sequence[Sequence[StageScore]], stage: str, part: str, how: str = "greedy") -> float:
    value = level(seeds, lambda s: (s.stage, s.part, s.how) == (stage, part, how))
    return math.nan if value is None else value[0]


def _models(analysis: LadderAnalysis, scores: Scores) -> str:
    order = sorted(range(analysis.n), key=lambda n: -analysis.outcomes[CLAIM][n])
    rows = []
    for n in order:
        name = analysis.names[n]
        stages = [_percent(_shares(scores[name], s, p)) for p in ("held", "seen") for s in ("base", "sft", "rl")]
        size, loss = 10 ** analysis.values[SIZE][n] / 1e6, analysis.values[DIALOGUE_LOSS][n]
        bits = "–" if math.isnan(loss) else f"{loss:.3f}"
        rows.append(
            [f"`{name}`", f"{size:.2f} M", bits, _percent(analysis.values[RUDE][n]), *stages, str(len(scores[name]))]
        )
    header = ["model, by outcome", "parameters", "bits per byte, clean dialogue", "RuDE %"]
    header += [f"{p} {s}" for p in ("held out:", "seen:") for s in ("base", "SFT", "RL")]
    return markdown([*header, "seeds"], rows)


def _lifts(scores: Scores) -> str:
    """How many models each stage lifted, and by how much on average, with an interval over models (t)."""
    rows = []
    for part, words in (("seen", "fresh prompts of trained families"), ("held", "held-out families")):
        for before, after, name in (("base", "sft", "SFT over base"), ("sft", "rl", "RL over SFT")):
            for how in ("greedy", "sampled"):
                lifts = [
                    _shares(seeds, after, part, how) - _shares(seeds, before, part, how) for seeds in scores.values()
                ]
                gains = 100 * np.array([gain for gain in lifts if not math.isnan(gain)])
                if len(gains) < 2:
                    continue
                half = t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / math.sqrt(len(gains))
                rows.append([
                    f"{name}, {words}, {how} answers", f"{gains.mean():+.1f}",
                    f"{gains.mean() - half:+.1f} to {gains.mean() + half:+.1f}",
                    # A gain of nothing, one seed up and one down, is left by sums as a hair more or less.
                    f"{(gains.round(6) > 0).sum()} of {len(gains)}",
                ])  # fmt: skip
    return markdown(["gain in criteria met", "points", "95 % over models", "lifted"], rows) if rows else ""


def _claim(analysis: LadderAnalysis) -> str:
    rivals = [(name, rival, analysis.n) for name, rival in analysis.rivals.items()]
    rivals += [(name, rivalry.spearman, rivalry.n) for name, rivalry in analysis.partly.items()]
    rivals.append((f"withdrawn: {WITHDRAWN}", analysis.withdrawn, analysis.n))
    rows = [
        [name, str(n), *(f"{value:.2f}" for value in (rival.first, rival.second)),
         f"{rival.difference:+.2f}", f"{rival.ci_low:+.2f} to {rival.ci_high:+.2f}"]
        for name, rival, n in rivals
    ]  # fmt: skip
    head = f"Spearman's ρ of {RUDE} with {CLAIM}: {in_words(analysis.claim)}, p = {analysis.claim.p_value:.2g}, "
    head += f"n = {analysis.n}; {analysis.both[0]:.2f} to {analysis.both[1]:.2f} where families are resampled as well."
    return f"{head}\n\n" + markdown(["rival", "models", "RuDE's ρ", "its ρ", "RuDE's minus its", "95 %"], rows)


def _league(analysis: LadderAnalysis) -> str:
    rows = [
        [
            row.predictor, in_words(row.spearman), in_words(row.pearson), in_words(row.kendall), f"{row.p_holm:.2g}",
            "–" if row.given_control is None else in_words(row.given_control), str(row.n),
        ]
        for row in analysis.table.rows
    ]  # fmt: skip
    header = ["predictor", "Spearman", "Pearson", "Kendall", "p (Holm)", "Spearman given size", "n"]
    turned = "All are turned so that more should be better: a minus sign means that a predictor points the wrong way."
    return f"{turned}\n\n{markdown(header, rows)}\n\n{str(analysis.best)[:1].upper()}{str(analysis.best)[1:]}."


def _others(analysis: LadderAnalysis) -> str:
    shown = list(analysis.others[OUTCOMES[1]])
    rows = [[f"`{outcome}`", *(in_words(own[name]) for name in shown)] for outcome, own in analysis.others.items()]
    # A rival that is known of some models says how many.
    some = {name: n for name in shown if (n := analysis.others[OUTCOMES[1]][name].n) < analysis.n}
    header = ["outcome (Spearman)", *(f"{name} (n = {some[name]})" if name in some else name for name in shown)]
    return markdown(header, rows) + "\n\nGains share their base score with base generation, with the opposite sign."


def _groups(analysis: LadderAnalysis) -> str:
    rows = [[name, in_words(statistic), str(statistic.n)] for name, statistic in analysis.groups.items()]
    return markdown([f"{RUDE} with {CLAIM}", "Spearman", "n"], rows)


def _ceiling(c: Ceiling, read: int, n: int) -> str:
    if math.isnan(c.correlation):
        return "Not known before three models have two seeds each."
    known = "" if read == n else f" (on the {read} models whose verdicts are known pair by pair)"
    return (
        f"Split halves give RuDE's accuracy a reliability of {c.predictor:.2f}{known}, and the outcome one of "
        f"{c.outcome:.2f} (other families and another seed; {c.seeds:.2f} where only the seed is another). A "
        f"predictor that knew the truth as well as these numbers show it would reach about {c.correlation:.2f} "
        f"(Pearson; 95 % over models {c.interval[0]:.2f} to {c.interval[1]:.2f})."
    )


def _upsets(analysis: LadderAnalysis) -> str:
    if not analysis.upsets:
        return "No smaller model had a higher RuDE accuracy than a larger one."
    right = sum(upset.gain > 0 for upset in analysis.upsets)
    rows: list[list[Any]] = [
        [f"`{u.smaller}`", f"`{u.larger}`", f"{100 * u.lead:+.1f}", f"{100 * u.gain:+.1f}"] for u in analysis.upsets[:8]
    ]
    text = (
        f"In {len(analysis.upsets)} pairs of models the smaller one has the higher RuDE accuracy; in {right} of them "
    )
    text += "it came out ahead after post-training. The eight with the widest lead:"
    return text + "\n\n" + markdown(["smaller", "larger", "lead in RuDE", "lead after RL"], rows)

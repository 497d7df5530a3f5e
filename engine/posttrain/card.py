"""What the ladder showed, written down: scores.csv, outcomes.csv, points.csv, a plot, and card.md."""

from __future__ import annotations

import csv
import io
import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t

import data
from engine.correlation.predictor_outcome import RUDE, SIZE
from engine.outcomes.outcomes import Outcome
from engine.posttrain.job import outcomes_in
from engine.posttrain.ladder_analysis import BASE, CLAIM, LEAST, OUTCOMES, LadderAnalysis, analyse
from engine.posttrain.outcomes import level
from engine.posttrain.recipe import STAGES, PostTraining
from engine.predictors.catalogue import catalogue
from engine.stats.correlation import Statistic
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from engine.store.posttrain import PostTrainRun, StageScore, stored_posttrain, stored_scores, stored_steps
from engine.store.runs import Status
from rubrics.counted import count
from rubrics.errors import BadInput
from rubrics.targets import write_whole

__all__ = ["PLOT", "card", "report"]

SUITE = "world"
PLOT = "rl_met.svg"


def report(
    store: Store, recipe: PostTraining, folder: Path, expected: int, recipes: Path | None = None
) -> LadderAnalysis:
    """Write all of it into a folder from what is finished; `scores.csv` is what everything else is counted from.

    Args:
        expected: models the ladder will have.
        recipes: of pre-training, from which it is known which models have the same compute.

    Raises:
        BadInput: no run of the recipe is finished.
    """
    runs = [run for run in stored_posttrain(store) if run.recipe_hash == recipe.hash]
    done = [run for run in runs if run.status is Status.DONE]
    if not done:
        raise BadInput("no post-training is finished", where=str(store.path), fix="run the ladder first: make ladder")
    outcomes = outcomes_in(store, recipe.hash)
    add_outcomes(store, outcomes)
    scores: dict[str, list[list[StageScore]]] = {}
    for run in done:
        scores.setdefault(run.candidate, []).append(stored_scores(store, run.run_id))
    rewards = [
        [metrics["reward"] for _, metrics in stored_steps(store, run.run_id, "rl") if "reward" in metrics]
        for run in done
    ]
    equal = _equal_compute(recipes) if recipes else ()
    analysis = analyse(store, SUITE, scores, equal)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "outcomes.csv", _table(["candidate", "outcome", "score", "stderr", "source"], _rows(outcomes)))
    _write(folder / "scores.csv", _table(_COUNTS, _counts(store, done)))
    _write(folder / "points.csv", _points(analysis))
    _write(folder / PLOT, _plot(analysis))
    _write(folder / "card.md", card(analysis, scores, runs, rewards, recipe, expected))
    return analysis


def _write(path: Path, text: str) -> None:
    with write_whole(path) as out:
        out.write(text)


def _rows(outcomes: Iterable[Outcome]) -> Iterable[list[object]]:
    for o in sorted(outcomes, key=lambda o: (o.candidate, o.outcome)):
        yield [o.candidate, o.outcome, f"{o.score:.4f}", "" if o.stderr is None else f"{o.stderr:.4f}", o.source]


_COUNTS = ["candidate", "seed", "stage", "part", "how", "family", "subcategory", "met", "judged"]


def _counts(store: Store, runs: Iterable[PostTrainRun]) -> Iterable[list[object]]:
    """Criteria met, by run, stage, family and subcategory."""
    for run in sorted(runs, key=lambda run: (run.candidate, run.seed)):
        for s in stored_scores(store, run.run_id):
            yield [run.candidate, run.seed, s.stage, s.part, s.how, s.family, s.subcategory, s.met, s.judged]


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _points(analysis: LadderAnalysis) -> str:
    """One row a candidate: predictors and outcomes, as measured."""
    header = ["candidate", "family", *analysis.columns, *analysis.outcomes]
    predictors = catalogue()
    turned = {name for name in analysis.columns if name in predictors and not predictors[name].higher_is_better}
    columns = [-values if name in turned else values for name, values in analysis.columns.items()]
    columns += analysis.outcomes.values()
    rows = (
        [name, family, *(f"{column[n]:.5f}" for column in columns)]
        for n, (name, family) in enumerate(zip(analysis.names, analysis.families, strict=True))
    )
    return _table(header, rows)


def _plot(analysis: LadderAnalysis) -> str:
    from engine.export import figures

    return figures.rendered(figures.correlation(analysis.view, width=5.2), "svg").decode("utf-8")


def _equal_compute(recipes: Path) -> tuple[str, ...]:
    """Models of the depth, width and tokens that most have."""
    table = tomllib.loads(recipes.read_text(encoding="utf-8"))
    costs = {
        model["name"]: tuple({**table.get("common", {}), **model}.get(key) for key in ("layers", "hidden", "tokens"))
        for model in table["model"]
    }
    most = Counter(costs.values()).most_common(1)[0][0]
    return tuple(name for name, cost in costs.items() if cost == most)


def card(
    analysis: LadderAnalysis,
    scores: dict[str, list[list[StageScore]]],
    runs: Sequence[PostTrainRun],
    rewards: Sequence[Sequence[float]],
    recipe: PostTraining,
    expected: int,
) -> str:
    """The card as Markdown.

    Args:
        scores: of each candidate, by seed.
        rewards: of each run, in the order of its steps.
    """
    failed = [run for run in runs if run.status is Status.FAILED]
    seeds = Counter(len(by_seed) for by_seed in scores.values())
    parts = [
        "# Was the ranking right? The ladder's outcomes",
        f"**{analysis.conclusion}**",
        _state(analysis, seeds, failed, expected),
        f"![RuDE accuracy of the base models against {CLAIM}]({PLOT})",
        "## What was done",
        _method(recipe),
        "## Every model",
        _models(analysis, scores),
        _lifts(scores),
        _curve(rewards),
        "## The claim, and its rivals",
        _claim(analysis),
        f"## All predictors against {CLAIM}: exploration",
        _league(analysis),
        "## Other outcomes",
        _others(analysis),
        "## Within families, across them, and at equal compute",
        _groups(analysis),
        "## By subcategory",
        _subcategories(analysis),
        "## How high could it be?",
        _ceiling(analysis),
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
make ladder                                                       # everything, from seeds; goes on where it stopped
python -m engine.posttrain.ladder work --out build/ladder         # as many of these as there are cores
python -m engine.posttrain.ladder report --out build/ladder       # all files of this folder, from what is done
rude-tui --db build/ladder/ladder.duckdb correlate --protocol likelihood --outcome rl_met
```

`claim.md` was written before any model was post-trained; `ladder.toml` and `posttrain.toml` hold every choice."""


def _state(analysis: LadderAnalysis, seeds: Counter[int], failed: Sequence[PostTrainRun], expected: int) -> str:
    shown = ", ".join(f"{models} with {count(n, 'seed')}" for n, models in sorted(seeds.items()))
    text = f"{analysis.n} of {expected} models of the ladder are finished ({shown})."
    if analysis.n < LEAST:
        text += f" The claim asks for {LEAST}; until then every number below is a look at what is coming."
    if min(seeds) < CLAIM_SEEDS:
        text += f" The claim is about the mean of {CLAIM_SEEDS} seeds: with one, a model's outcome is as noisy as that."
    for run in failed:
        text += f" {run.candidate}, seed {run.seed}, broke down: {run.error.splitlines()[0][:120]}."
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


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f}"


def _shares(seeds: Sequence[Sequence[StageScore]], stage: str, part: str, how: str = "greedy") -> float:
    value = level(seeds, lambda s: (s.stage, s.part, s.how) == (stage, part, how))
    return math.nan if value is None else value[0]


def _models(analysis: LadderAnalysis, scores: dict[str, list[list[StageScore]]]) -> str:
    order = sorted(range(analysis.n), key=lambda n: -analysis.outcomes[CLAIM][n])
    rows = []
    for n in order:
        name = analysis.names[n]
        stages = [_percent(_shares(scores[name], s, p)) for p in ("held", "seen") for s in STAGES]
        size = f"{10 ** analysis.columns[SIZE][n]:,.0f}"
        bits = f"{-analysis.columns['bits per byte'][n]:.3f}"
        rows.append([f"`{name}`", size, bits, _percent(analysis.columns[RUDE][n]), *stages, str(len(scores[name]))])
    header = ["model, by outcome", "parameters", "bits per byte", "RuDE %"]
    header += [f"{p} {s}" for p in ("held out:", "seen:") for s in ("base", "SFT", "RL")]
    return _markdown([*header, "seeds"], rows)


def _lifts(scores: dict[str, list[list[StageScore]]]) -> str:
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
    return _markdown(["gain in criteria met", "points", "95 % over models", "lifted"], rows) if rows else ""


def _curve(rewards: Sequence[Sequence[float]]) -> str:
    """How the reward went, over all runs; each quarter of the steps counts every run alike."""
    long = [np.array_split(np.array(run), 4) for run in rewards if len(run) >= 4]
    if not long:
        return ""
    quarters = [float(np.mean([run[n].mean() for run in long])) for n in range(4)]
    shown = ", ".join(f"{quarter:.3f}" for quarter in quarters)
    return f"Mean reward of sampled responses by quarter of reinforcement learning, over {len(long)} runs: {shown}."


def _in_words(statistic: Statistic) -> str:
    if math.isnan(statistic.value):
        return "–"
    interval = "" if math.isnan(statistic.ci_low) else f" ({statistic.ci_low:.2f} to {statistic.ci_high:.2f})"
    return f"{statistic.value:.2f}{interval}"


def _claim(analysis: LadderAnalysis) -> str:
    rows = [
        [name, f"{rival.second:.2f}", f"{rival.difference:+.2f}", f"{rival.ci_low:+.2f} to {rival.ci_high:+.2f}"]
        for name, rival in analysis.rivals.items()
    ]
    head = f"Spearman's ρ of {RUDE} with {CLAIM}: {_in_words(analysis.claim)}, p = {analysis.claim.p_value:.2g}, "
    return f"{head}n = {analysis.n}.\n\n" + _markdown(["rival", "its ρ", "RuDE's minus its", "95 %"], rows)


def _league(analysis: LadderAnalysis) -> str:
    rows = [
        [
            row.predictor, _in_words(row.spearman), _in_words(row.pearson), _in_words(row.kendall), f"{row.p_holm:.2g}",
            "–" if row.given_control is None else _in_words(row.given_control), str(row.n),
        ]
        for row in analysis.tables[CLAIM].rows
    ]  # fmt: skip
    header = ["predictor", "Spearman", "Pearson", "Kendall", "p (Holm)", "Spearman given size", "n"]
    turned = "All are turned so that more should be better: a minus sign means that a predictor points the wrong way."
    return f"{turned}\n\n{_markdown(header, rows)}\n\n{str(analysis.best)[:1].upper()}{str(analysis.best)[1:]}."


def _others(analysis: LadderAnalysis) -> str:
    rows = []
    for outcome in OUTCOMES[1:]:
        own = {row.predictor: row.spearman for row in analysis.tables[outcome].rows}
        rows.append([f"`{outcome}`", *(_in_words(own[name]) for name in (RUDE, SIZE, "bits per byte", BASE))])
    header = ["outcome (Spearman)", RUDE, SIZE, "bits per byte", BASE]
    return _markdown(header, rows) + "\n\nGains share their base score with base generation, with the opposite sign."


def _groups(analysis: LadderAnalysis) -> str:
    rows = [[name, _in_words(statistic), str(statistic.n)] for name, statistic in analysis.groups.items()]
    return _markdown([f"{RUDE} with {CLAIM}", "Spearman", "n"], rows)


def _subcategories(analysis: LadderAnalysis) -> str:
    rows = [[name, _in_words(statistic), _percent(mean)] for name, (statistic, mean) in analysis.subcategories.items()]
    text = "Accuracy on a subcategory's pairs against criteria of that subcategory met after RL: some forty pairs and "
    text += "twenty prompts each, so single rows say little."
    return text + "\n\n" + _markdown(["subcategory", "Spearman", "mean outcome %"], rows)


def _ceiling(analysis: LadderAnalysis) -> str:
    c = analysis.ceiling
    if math.isnan(c.correlation):
        return "Not known before three models have two seeds each."
    return (
        f"Split halves give RuDE's accuracy a reliability of {c.predictor:.2f}, and the outcome one of {c.outcome:.2f} "
        f"(other families and another seed; {c.seeds:.2f} where only the seed is another). A predictor that knew the "
        f"truth as well as these numbers show it would reach about {c.correlation:.2f} (Pearson; 95 % over models "
        f"{c.interval[0]:.2f} to {c.interval[1]:.2f})."
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
    return text + "\n\n" + _markdown(["smaller", "larger", "lead in RuDE", "lead after RL"], rows)

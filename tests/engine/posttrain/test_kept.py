"""Which families are kept: figures against plain calculations, and the rule at its edges."""

from __future__ import annotations

import statistics
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from scipy.stats import chi2_contingency

import data
from engine.posttrain.kept import PER_CATEGORY, PROMPTS, Counts, Judged, judged, keep
from engine.posttrain.pilot import main, pilot_tasks
from engine.posttrain.recipe import Tasks
from engine.posttrain.tasks import split
from rubrics.errors import BadInput
from rubrics.taxonomy import Category
from rubrics.world.requests import reserved
from rubrics.world.unseen import UNSEEN


def _counts(met: list[int], judged: int = 40) -> list[Counts]:
    return [Counts(f"m{n}", UNSEEN[0].name, value, judged) for n, value in enumerate(met)]


def test_figures_are_those_of_a_plain_calculation() -> None:
    met = [4, 30, 12, 20]
    found = judged(UNSEEN[0], _counts(met))
    shares = [value / 40 for value in met]
    assert found.mean == pytest.approx(statistics.mean(shares))
    assert found.spread == pytest.approx(statistics.stdev(shares))
    assert found.noise**2 == pytest.approx(statistics.mean(s * (1 - s) / 40 for s in shares))
    table = [met, [40 - value for value in met]]
    assert found.p == pytest.approx(chi2_contingency(table, correction=False).pvalue)
    assert found.reliability == pytest.approx(1 - found.noise**2 / statistics.variance(shares))
    assert found.kept


@pytest.mark.parametrize(
    ("met", "said"),
    [
        ([0, 1, 2, 3], "too hard"),
        ([40, 40, 40, 30], "too easy"),
        ([20, 21, 19, 20], "no more than luck"),
        ([0, 0, 0, 0], "too hard"),
    ],
)
def test_what_tells_nothing_is_dropped_with_the_reason(met: list[int], said: str) -> None:
    assert said in judged(UNSEEN[0], _counts(met)).reason


def test_no_category_gets_more_than_its_share() -> None:
    families = [Judged(f, 0.5, 0.2 + n / 1000, 0.07, 0.001) for n, f in enumerate(UNSEEN)]
    kept = [family for family in keep(families) if family.kept]
    assert Counter(family.category for family in kept) == dict.fromkeys(Category, PER_CATEGORY)
    assert min(Counter(family.family.subcategory for family in kept).values()) == PER_CATEGORY // 3
    dropped = [family for family in keep(families) if not family.kept]
    assert all("enough" in family.reason for family in dropped)


@pytest.mark.long
def test_a_report_needs_the_counts_alone(tmp_path: Path) -> None:
    rows = [f"m{m},{f.name},{5 + 7 * m},40" for f in UNSEEN for m in range(4)]
    (tmp_path / "pilot.csv").write_text("\n".join(["model,family,met,judged", *rows]) + "\n", encoding="utf-8")
    assert main(["report", "--card", str(tmp_path)]) == 0
    table = tomllib.loads((tmp_path / "families.toml").read_text(encoding="utf-8"))
    assert len(table["families"]) == 4 * PER_CATEGORY
    assert table["families"] == [family["name"] for family in table["kept"]]
    assert len(table["kept"]) + len(table["dropped"]) == len(UNSEEN)
    assert table["pilot"]["reliability"] == pytest.approx(1.0)


def test_prompts_of_unseen_families_are_drawn_by_name_and_never_trained_on() -> None:
    names = ("moved-room", "first-or-last")
    parts = split("world", Tasks(train=("opening-hour",), test=names, demonstrations=2, per_family=3))
    assert {task.family for task in parts.held} == set(names)
    assert len(parts.held) == 6
    assert all(reserved(task.prompt) and task.response and all(task.met(task.response)) for task in parts.held)
    with pytest.raises(BadInput, match="never trained on"):
        split("world", Tasks(train=("moved-room",), test=("opening-hour",)))
    with pytest.raises(BadInput, match="no template family 'nothing'"):
        split("world", Tasks(train=("opening-hour",), test=("nothing",)))


def test_prompts_of_the_pilot_are_of_one_family_and_reserved() -> None:
    tasks = pilot_tasks("moved-room")
    assert len(tasks) == PROMPTS == len({task.prompt for task in tasks})
    assert {task.family for task in tasks} == {"moved-room"}
    assert all(reserved(task.prompt) and len(task.checks) == 1 for task in tasks)


@pytest.mark.long
def test_what_ships_is_what_its_counts_say(tmp_path: Path) -> None:
    shipped = Path(data.__file__).parent / "ladder2"
    (tmp_path / "pilot.csv").write_bytes((shipped / "pilot.csv").read_bytes())
    assert main(["report", "--card", str(tmp_path)]) == 0
    assert (tmp_path / "families.toml").read_text("utf-8") == (shipped / "families.toml").read_text("utf-8")
    table = tomllib.loads((shipped / "families.toml").read_text("utf-8"))
    unseen = {family.name for family in UNSEEN}
    assert table["families"]
    assert {row["name"] for key in ("kept", "dropped") for row in table[key]} == unseen
    assert all(0.1 <= row["mean"] <= 0.9 and row["p"] < 0.05 for row in table["kept"])

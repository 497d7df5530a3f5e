"""What tasks make of what was typed: the same as the functions of the engine they stand for."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from scripted import scripted

from data.bundled import bundled_models
from engine.construct.trial import proven_labels
from engine.jobs.job import perform
from engine.outcomes.outcome import Outcome
from engine.posttrain.bill import BillRow
from engine.predictors.interface import Evidence
from engine.predictors.spectral import matrix_names, spectral_values
from engine.predictors.spectral_layers import by_layer
from engine.results.across_suites import across_suites
from engine.results.board import Question
from engine.store.outcomes import add_outcomes
from engine.store.predictors import stored_predictors
from engine.store.spectra import Spectrum, stored_spectra
from rubrics.errors import BadInput
from rubrics.reading import find_suite
from rubrics.schema import Suite
from rubrics.world.generate import generate
from screens.shell.fields import AtField, Prepared, Typed, field_of
from screens.shell.plain import one_line
from screens.shell.session import Session
from screens.tasks.bill import bill_words
from screens.tasks.catalogue import TASKS
from screens.tasks.fits import outcomes_of_most
from screens.tasks.training import met_table
from screens.tasks.words import columns


def _typed(task: str, session: Session, **values: str) -> Typed:
    fields = {field.name: field.choices[0] if field.choices else field.value for field in TASKS[task].fields(session)}
    assert values.keys() <= fields.keys()
    return Typed(fields | values)


def _prepared(task: str, session: Session, **values: str) -> Prepared:
    return TASKS[task].prepare(session, _typed(task, session, **values))


def _refused(task: str, session: Session, **values: str) -> tuple[str, str]:
    with pytest.raises(AtField) as raised:
        _prepared(task, session, **values)
    return raised.value.field, raised.value.what


@pytest.fixture
def session(garden: Path) -> Session:
    """A sitting over a small database."""
    return Session(store_path=garden)


def test_columns_of_ones_own_are_stored(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("candidate,knack,loss\noak-7m,0.5,2.5\nbirch-3m,0.25,\noka-7m,1,2\n")
    said = _prepared("columns", session, file=str(file), lower="loss").said
    assert "5 values of 2 predictors stored: knack, loss" in said
    assert "! oka-7m is no candidate here; did you mean oak-7m?" in said
    kept = {(value.candidate, value.predictor): value.value for value in stored_predictors(session.store)}
    assert kept["oak-7m", "loss"] == 2.5
    field, what = _refused("columns", session, file=str(file), lower="lost")
    assert field == "file"
    assert "no column 'lost'" in what


def test_spectra_are_measured_and_told(session: Session, tmp_path: Path) -> None:
    model = bundled_models()[0]
    prepared = _prepared("spectra", session, models=str(model))
    names = matrix_names(model)
    assert f"1 candidate to do, {len(names)} weight matrices in all" in prepared.question
    assert prepared.job is not None
    assert prepared.came is not None
    states = perform(session.store, prepared.job)
    (spectra,) = stored_spectra(session.store, [states[0].run_id]).values()
    by_name: dict[str, Spectrum] = {spectrum.tensor: spectrum for spectrum in spectra}
    values = spectral_values([by_name[name] for name in names])
    said = prepared.came(session.store, states)
    assert all(f"{value:.4g}" in said for value in values.values())
    assert not any(map(math.isnan, values.values()))
    layers = by_layer(spectra)
    assert f"Layer by layer:\n{model.name}\n" in said
    for layer in layers:
        (line,) = (line for line in said.splitlines() if line.split()[:2] == [str(layer.layer), f"{layer.alpha:.2f}"])
        assert f" {layer.alpha_hat:.2f} " in line
        assert f"{layer.trace_log:+.2f}".replace("-", "−") in line
        assert line.count("●") == 2
    # Afterwards they are there to be looked at, and drawn.
    figure = tmp_path / "layers.svg"
    shown = _prepared("layers", session, name=model.name[:5].upper(), output=str(figure))
    assert shown.act is not None
    assert all(line in shown.act() for line in said.splitlines() if "●" in line)
    assert model.name in figure.read_text(encoding="utf-8")
    assert "●" in _prepared("layers", session).said
    assert _prepared("layers", session, name="nobody").said == "no candidate that was measured has such a name"
    assert "1 done already" in _prepared("spectra", session, models=str(model)).question
    assert _refused("spectra", session, models="/no/such/folder")[0] == "models"


def test_assays_are_asked_for_by_forms(session: Session, tmp_path: Path) -> None:
    model = str(bundled_models()[0])
    prepared = _prepared("headroom", session, models=model, number="6", samples="4")
    assert "1 candidate to do, 6 prompts in all" in prepared.question
    assert "what is measured is kept" in prepared.question
    assert prepared.job is not None
    assert _refused("probe", session, models=model)[0] == "suite"
    assert _refused("probe", session, models=model, suite="wrld")[0] == "suite"
    assert _refused("seen", session, models=model, suite="world", other="wrld")[0] == "other"
    assert _refused("headroom", session, models=model, number="one")[0] == "number"
    assert _refused("base", session, models="/no/such/folder")[0] == "models"


@pytest.mark.long
def test_an_assay_tells_each_predictor_with_its_chance(session: Session) -> None:
    model = bundled_models()[0]
    prepared = _prepared("headroom", session, models=str(model), number="3", samples="2")
    assert prepared.job is not None
    assert prepared.came is not None
    said = prepared.came(session.store, perform(session.store, prepared.job)).splitlines()
    heading, *rows = said
    assert heading.split() == ["predictor", "value", "95", "%", "chance"]
    assert rows[0] == model.name
    (row,) = (row for row in rows if row.startswith("right over wrong "))
    assert row.split()[-1] == "0.5"
    assert any(row.startswith(f"{model.name}: greedy ") for row in rows)


def test_a_bill_is_read_on_80_columns() -> None:
    nan = math.nan
    lines = bill_words([
        BillRow("llama-loch-0.8m", 12, "base", 0.637, 0.594, 0.679, nan, nan, nan, nan, 1.2345, nan),
        BillRow("llama-loch-0.8m", 12, "sft", 0.512, 0.469, 0.554, -0.125, -0.181, -0.067, 0.0002, 1.5, 0.2655),
    ])  # fmt: skip
    assert lines[0] == "llama-loch-0.8m #12"
    assert lines[3].split() == ["sft", "51.2", "46.9–55.4", "−12.5", "−18.1…−6.7", "<", ".001", "1.500", "+0.266"]
    assert max(map(len, lines)) <= 72


@pytest.mark.parametrize("name", TASKS)
def test_what_a_field_hints_at_is_read_whole_on_80_columns(name: str, tmp_path: Path) -> None:
    long = [f.hint for f in TASKS[name].fields(Session(store_path=tmp_path / "new.duckdb")) if cell_len(f.hint) > 60]
    assert long == []


def test_a_line_of_a_result_is_one_line_on_80_columns() -> None:
    numbers = ["100 %", "47.6–100.0", "0.0001534", "3.73", "520.7"]
    lines = columns(["predictor", "right", "95 %", "TFLOPs", "s", "MB"], [["a" * 60, *numbers], ["b", *numbers]])
    heading, long, short = lines.splitlines()
    assert {len(heading), len(long), len(short)} == {72}
    assert "…" in long.split()[0]
    rates = [["Completeness", "100.0", "34.2–100.0", "120", "100.0", "34.2–100.0", "120"]]
    (_, row) = columns(["wrongly, %", "granted", "95 %", "of", "denied", "95 %", "of"], rates).splitlines()
    assert row.startswith("Completeness ")
    assert len(row) <= 72


@pytest.mark.long
def test_costs_stand_beside_how_often_a_predictor_decides_rightly(session: Session) -> None:
    from engine.correlation.costs import costs_of
    from engine.results.board import Question

    add_outcomes(session.store, [Outcome("oak-7m", "luck", 0.5), Outcome("birch-3m", "luck", 0.25)])
    said = _prepared("costs", session, outcome="luck").said
    for cost in costs_of(session.store, Question(), "luck"):
        (row,) = (row for row in said.splitlines() if row.startswith(one_line(cost.predictor, 20).rstrip("…")))
        assert f"{100 * cost.accuracy.value:.0f} %" in row or cost.candidates < 2
        assert len(row) <= 72
    assert _refused("costs", session, outcome="lucl")[0] == "outcome"


def test_candidates_are_ranked_over_several_suites(
    session: Session, fill: Callable[..., None], garden_suite: Suite
) -> None:
    meadow = Suite("meadow", tuple(pair.model_copy(update={"id": f"m-{pair.id}"}) for pair in garden_suite.pairs[:20]))
    fill(session.store, meadow, candidates=(("oak-7m", 7_000_000, 1.4), ("birch-3m", 3_100_000, 0.8)))
    said = _prepared("over-suites", session, suites="garden; /somewhere/meadow.jsonl", by="domain").said
    found = across_suites(session.store, Question(by="domain"), ["garden", "meadow"])
    lines = [line.split() for line in said.splitlines()]
    for row in found.mean.rows:
        rank = [str(row.rank), f"({row.rank_low}–{row.rank_high})"]
        assert [row.candidate, *rank, f"{100 * row.value:.1f}"] in [line[:4] for line in lines]
    assert ["moss-200k", "–", "–", "–", "–"] in [line[:5] for line in lines], "it has no mean"
    (meadow_kitchen,) = {f"{100 * found.parts['meadow: kitchen']['oak-7m'].value:.1f}"}
    at = next(number for number, line in enumerate(said.splitlines()) if "meadow: kitchen" in line)
    assert meadow_kitchen in next(line for line in lines[at:] if line[:1] == ["oak-7m"])
    assert all(cell_len(line) <= 72 for line in said.splitlines() if "  " in line)
    assert "! 2 candidates not scored on every suite: without a mean, last" in said
    assert _refused("over-suites", session, suites="garden") == ("suites", "1 suite named")
    field, what = _refused("over-suites", session, suites="garden; moor")
    assert field == "suites"
    assert "no run on suite 'moor'" in what


def test_a_suite_is_generated_and_offered(session: Session, tmp_path: Path) -> None:
    output = tmp_path / "fresh.jsonl"
    prepared = _prepared("generate", session, output=str(output), pairs="12", seed="5")
    assert not prepared.question
    assert prepared.act is not None
    assert "12 pairs, seed 5" in prepared.act()
    assert [pair.id for pair in find_suite(str(output)).pairs] == [pair.id for pair in generate(5, 12)]
    assert session.suite_files == [str(output)]
    assert "Write over it?" in _prepared("generate", session, output=str(output)).question
    assert _refused("generate", session, output="fresh.txt") == ("output", "does not end in .jsonl")
    assert _refused("generate", session, output="/no/such/x.jsonl") == ("output", "no such folder")
    assert _refused("generate", session, output=str(output), pairs="none")[0] == "pairs"


def test_other_peoples_data_become_a_suite(session: Session, tmp_path: Path) -> None:
    file, output = tmp_path / "trl.jsonl", tmp_path / "mine.jsonl"
    rows = [{"prompt": f"Say {n}.", "chosen": f"{n}", "rejected": f"not {n}"} for n in range(5)]
    file.write_text("\n".join(map(json.dumps, rows)))
    prepared = _prepared(
        "import", session, files=str(file), output=str(output), subcategory="Logic", criterion="Says the number."
    )
    assert prepared.act is not None
    said = prepared.act()
    assert "recognised as" in said
    assert "5 pairs written, 0 dropped, of 5 in 5 records" in said
    assert "chosen: 0" in said
    assert len(find_suite(str(output)).pairs) == 5
    assert session.suite_files == [str(output)]
    assert _refused("import", session, files="/no/such.jsonl", output=str(output))[0] == "files"
    assert _refused("import", session, files=str(file), output=str(output), map="nothing")[0] == "map"


def test_what_needs_a_model_says_what_it_takes_or_where_it_is_wrong(session: Session, tmp_path: Path) -> None:
    server = "http://127.0.0.1:9/v1#judge"
    asked = 3 * len(proven_labels(0, 12))
    question = _prepared("trial", session, verifier=server, pairs="12", votes="3", cap="7").question
    assert question == f"{asked:,} questions to {server}, 7 at most; answers are kept."
    assert _refused("trial", session, verifier="judge")[0] == "verifier"
    assert _refused("trial", session, verifier=server, votes="2") == ("votes", "an even number of votes can tie")
    assert _refused("trial", session, verifier=server, key="NO_SUCH_VARIABLE_HERE")[0] == "key"
    model = str(bundled_models()[0])
    given: dict[str, Any] = {"models": model, "suite": "world"}
    assert _refused("fidelity", session, **given, reference="bf16", precision="bf16")[0] == "precision"
    assert _refused("fidelity", session, models=f"{model}; {model}", suite="world")[0] == "models"
    assert _refused("fidelity", session, models=model, suite="wrld")[0] == "suite"
    assert _refused("traces", session, models=model, traces=str(tmp_path / "none.jsonl"))[0] == "traces"


def test_traces_are_written_by_a_strong_model(session: Session, tmp_path: Path) -> None:
    output = tmp_path / "t.jsonl"
    with scripted() as script:
        given = {"model": str(script.address), "prompts": "world", "output": str(output)}
        prepared = _prepared("write-traces", session, **given, limit="3")
        assert prepared.question == "3 questions to sage, asked greedily and once more where that gives no trace."
        assert prepared.job is not None
        assert prepared.came is not None
        said = prepared.came(session.store, perform(session.store, prepared.job))
        assert f"3 of 3 traces → {output}" in said
        assert "3 traces in the file already" in _prepared("write-traces", session, **given, limit="4").question
        assert _refused("write-traces", session, **(given | {"model": "sage"}))[0] == "model"
        assert _refused("write-traces", session, **given, key="NO_SUCH_VARIABLE_HERE")[0] == "key"
        assert _refused("write-traces", session, **(given | {"prompts": "wrld"}))[0] == "prompts"
        assert _refused("write-traces", session, **(given | {"output": "t.txt"}))[0] == "output"


def test_scorers_are_fitted_and_applied(session: Session, tmp_path: Path) -> None:
    assert _refused("scorers", session, outcomes="luck")[0] == "outcomes"
    assert _refused("apply-scorer", session, fit=str(tmp_path / "none.json"))[0] == "fit"
    names = ("oak-7m", "birch-3m", "alder-1m", "moss-200k")
    add_outcomes(session.store, [Outcome(name, "exam", n / 4) for n, name in enumerate(names)])
    add_outcomes(session.store, [Outcome("oak-7m", "a test of one", 0.5)])
    # Nothing typed: the outcome of one candidate alone is not among what is fitted on.
    evidence = Evidence(session.store, session.question())
    assert outcomes_of_most(evidence, ["a test of one", "exam"]) == ["exam"]


@pytest.mark.long
def test_scorers_on_the_ladder(session: Session) -> None:
    said = _prepared("scorers", session, of="the ladder that ships").said
    assert "26 candidates, 10 features, 12 outcomes" in said
    assert "RBF RankSVM" in said


def test_checkpoints_and_proxies_are_judged(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    file.write_text("candidate,run,tokens\nmoss-200k,a,1e9\nalder-1m,a,2e9\nbirch-3m,a,4e9\noak-7m,a,8e9\n")
    said = _prepared("checkpoints", session, file=str(file)).said
    assert said.startswith("garden · likelihood")
    assert all(name in said for name in ("moss-200k", "oak-7m", "1.6e+10"))
    assert _refused("checkpoints", session, file=str(file), at="soon")[0] == "at"
    assert _refused("forecast", session, file=str(file), outcome="luck")[0] == "outcome"
    file.write_text("candidate,examples,score\n" + "".join(f"a,{n},0.{n}\nb,{n},0.5\n" for n in (1, 2, 4, 8)))
    said = _prepared("tuning", session, file=str(file)).said
    assert "a overtakes b after about" in said
    assert _refused("tuning", session, file=str(file), at="soon")[0] == "at"
    file.write_text("name,proxy,target\n" + "".join(f"m{n},{n},{2 * n + n % 2}\n" for n in range(8)))
    said = _prepared("proxies", session, file=str(file)).said
    assert "8 points · decisions right 100.0 %" in said
    assert "of 28 pairs" in said
    fit = tmp_path / "fit.json"
    assert f"→ {fit}" in _prepared("proxies", session, file=str(file), fit=str(fit)).said
    assert _refused("proxies", session, file=str(file), fit=str(fit)) == ("fit", "is there already")
    file.write_text("name,proxy\nother,3\nfar,99\n")
    said = _prepared("proxies", session, file=str(file), apply=str(fit)).said
    assert "1 of 2 proxies lie outside 0 to 7: extrapolated" in said
    assert "no target is known here" in said
    assert _refused("proxies", session, file=str(file), apply=str(file))[0] == "apply"


@pytest.mark.long
def test_a_report_is_written(session: Session, tmp_path: Path) -> None:
    output = tmp_path / "page.html"
    prepared = _prepared("report", session, output=str(output), pairs="3")
    assert prepared.act is not None
    assert prepared.act().startswith(f"4 candidates on garden → {output}")
    assert "oak-7m" in output.read_text(encoding="utf-8")
    wanted = tmp_path / "wanted.toml"
    wanted.write_text("margin = 'much'")
    assert _refused("report", session, output=str(output), requirements=str(wanted))[0] == "requirements"


def test_a_recipe_that_cannot_be_used_is_said_at_its_field(session: Session, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("steps = 3")
    given = {"models": str(bundled_models()[0]), "recipe": str(recipe), "folder": str(tmp_path)}
    with pytest.raises(BadInput) as raised:
        _prepared("posttrain", session, **given)
    assert field_of(raised.value, given) == "recipe"
    assert _refused("posttrain", session, **given, seeds="one")[0] == "seeds"


def test_columns_stand_over_each_other_whatever_the_script() -> None:
    assert columns(["name", "n"], [["犬", "1"], ["dog", "20"]]).split("\n") == ["name   n", "犬     1", "dog   20"]


@pytest.mark.parametrize(
    "text", ["n" * 300, "a\0b", "/" + "n" * 5000 + "/x.csv", "~nobody-here/x.csv", "\x1b[31m", "/dev/null"]
)
@pytest.mark.parametrize("task", list(TASKS))
def test_no_field_of_any_form_breaks_over_what_no_file_can_be_called(session: Session, task: str, text: str) -> None:
    """An answer, or an error beside a field: never what nobody expected."""
    for field in TASKS[task].fields(session):
        if field.choices:
            continue
        with contextlib.suppress(AtField):
            prepared = _prepared(task, session, **{field.name: text})
            assert prepared.said or prepared.question or prepared.job or prepared.act


def test_what_was_met_has_intervals_at_either_edge() -> None:
    scores = (("base_met", 0.0), ("base_seen_met", 1.0), ("rl_met", 0.5))
    headings, rows = met_table([
        Outcome("m", name, score, math.sqrt(score * (1 - score) / 40), scale=1.0, samples=40) for name, score in scores
    ])  # fmt: skip
    assert headings[:4] == ["candidate", "after", "held out %", "95 %"]
    # scipy's binomtest(k, 40).proportion_ci(method="wilson") for k of 0, 40 and 20.
    assert rows == [
        ["m", "base", "0.0", "0.0–8.8", "100.0", "91.2–100.0"], ["m", "rl", "50.0", "35.2–64.8", "–", "–"],
    ]  # fmt: skip

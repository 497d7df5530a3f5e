"""What other packages add: the template, as it lies in docs/, beside this program without and with a build of it."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command import rude
from serving import serving

from data.bundled import bundled_models
from engine.jobs.inside import inside
from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.resuming import resume_request
from engine.jobs.runs import RunRequest
from engine.scoring.work import look, score
from engine.store.connection import Store
from engine.store.runs import stored_runs
from engine.store.verdicts import load_verdicts
from rubrics import plugins
from rubrics.errors import BadInput, CandidateError

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "docs" / "plugin-template"
CARDS = '{"question": "What is wet?", "right": "Water is wet.", "wrong": ["Sand is wet.", "Fire is wet."]}\n'
REPORT = {"school": "Point Reed", "pupil": "base-a", "marks": {"sums": 2, "verse": 1.5}}


def _announced(folder: Path, groups: dict[str, dict[str, str]], package: str = "rude-tui-example") -> None:
    """What an installer writes of a package: its name, its version, and what it announces."""
    about = folder / f"{package.replace('-', '_')}-0.1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {package}\nVersion: 0.1.0\n")
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {at}\n" for name, at in named.items()) for group, named in groups.items()
    ]
    (about / "entry_points.txt").write_text("\n".join(lines))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of packages of its own; those that are found anew are those in it."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    plugins.clear()
    yield folder
    for name in [name for name in sys.modules if name not in before and name.startswith("rude_tui_example")]:
        del sys.modules[name]
    plugins.clear()


@pytest.fixture
def template(site: Path) -> Path:
    """The template, as if it were installed."""
    shutil.copytree(TEMPLATE / "src" / "rude_tui_example", site / "rude_tui_example")
    _announced(site, tomllib.loads((TEMPLATE / "pyproject.toml").read_text())["project"]["entry-points"])
    return site


def _json(*words: str | Path) -> Any:
    done = rude(*words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_a_plugin_builds_on_is_of_the_version() -> None:
    import rude_tui.plugins as made_of

    assert set(made_of.__all__) == {
        "Draft", "Drop", "Estimate", "Evidence", "Format", "HarnessScore", "ImportOptions", "Item", "OutcomeFormat",
        "Predictor", "Puzzle", "Record", "Request", "ResultFile", "ResultTable", "Score", "TokenScores",
        "read_records",
    }  # fmt: skip
    assert all(getattr(made_of, name).__doc__ for name in made_of.__all__)


def test_the_template_has_one_of_each_group(template: Path) -> None:
    assert sorted(plugin.group for plugin in plugins.offered()) == sorted(plugins.GROUPS)
    shown = {check["name"]: check for check in json.loads(rude("doctor", "--json").stdout)}
    for plugin in plugins.offered():
        check = shown[f"plugin {plugin.name}"]
        assert check["ok"], check
        assert "rude-tui-example 0.1.0" in check["detail"]


def test_nothing_is_imported_until_it_is_named_or_needed(template: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"prompt": "a?", "chosen": "b", "rejected": "c"}\n')
    (tmp_path / "scores.csv").write_text("candidate,outcome,score\na,b,1\n")
    assert rude("suite", "import", pairs, "-o", tmp_path / "s.jsonl").returncode == 0
    assert rude("outcomes", "add", tmp_path / "scores.csv").returncode == 0
    assert rude("suite", "show", "core-spans", "--json").returncode == 0
    assert not [name for name in sys.modules if name.startswith("rude_tui_example")]


def test_each_is_used_where_it_is_needed(template: Path, tmp_path: Path) -> None:
    cards, report = tmp_path / "cards.jsonl", tmp_path / "report.json"
    cards.write_text(CARDS)
    report.write_text(json.dumps(REPORT))
    for words in ([], ["--as", "quiz-cards"]):
        taken = _json("suite", "import", cards, *words, "-o", tmp_path / "s.jsonl", "--json")
        assert (taken["format"], taken["written"]) == ("quiz-cards", 2)
    assert rude("outcomes", "add", report).returncode == 0
    outcomes = _json("outcomes", "list", "--json")
    assert {(o["candidate"], o["lower_is_better"]) for o in outcomes} == {("base-a", True)}
    assert {o["outcome"]: o["score"] for o in outcomes} == REPORT["marks"]
    packages = {row["name"]: row["package"] for row in _json("suite", "list", "--json")}
    assert packages["lighthouse"] == "rude-tui-example 0.1.0"
    assert len(_json("suite", "show", "lighthouse", "--json")["pairs"]) == 4
    (own,) = (row for row in _json("predictors", "list", "--json") if row["predictor"] == "third root of parameters")
    assert own["source"] == "an example; rude-tui-example 0.1.0"


ASKED = RunRequest((str(bundled_models()[0]),), ("lighthouse",), ("likelihood",), backend="shortest")


def test_what_scores_is_in_the_key_of_a_run(template: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "x.duckdb")
    (run,) = plan(store, ASKED).runs
    assert run.key["backend"] == {"name": "shortest", "package": "rude-tui-example", "version": "0.1.0"}
    assert run.suite_path.endswith("lighthouse.jsonl")
    (usual,) = plan(store, replace(ASKED, backend="")).runs
    assert usual.run_id != run.run_id
    assert "backend" not in usual.key
    with pytest.raises(BadInput, match="no backend 'longest'") as caught:
        plan(store, replace(ASKED, backend="longest"))
    assert "shortest (rude-tui-example 0.1.0)" in caught.value.fix


@pytest.mark.long
def test_a_backend_is_not_asked_for_what_a_server_holds(template: Path, tmp_path: Path) -> None:
    with serving(bundled_models()[0]) as server, pytest.raises(CandidateError, match="backend 'shortest' cannot") as no:
        plan(Store(tmp_path / "x.duckdb"), replace(ASKED, models=(server.address,)), runner=inside(look))
    assert no.value.fix == "score it without that backend"


@pytest.mark.long
def test_a_backend_scores_in_place_of_the_models(template: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "x.duckdb")
    (state,) = perform(store, plan(store, ASKED), runner=inside(score))
    assert (str(state.phase), state.done) == ("done", 4), state
    (row,) = stored_runs(store)
    assert resume_request(store, row).backend == "shortest"
    # One bit a token, whatever the model would say.
    (verdicts,) = load_verdicts(store, "likelihood", [row.run_id]).values()
    assert verdicts.ll_chosen == pytest.approx(-math.log(2) * verdicts.tokens_chosen)


BROKEN = {
    "rude_tui.predictors": {"odd": "rude_tui_example.odd:PREDICTOR"},
    "rude_tui.importers": {"worse": "rude_tui_example.bad:FORMAT", "hh": "rude_tui_example.good:FORMAT"},
    "rude_tui.suites": {"gone": "rude_tui_example.good:gone"},
}


def test_a_broken_one_is_said_and_passed_over(site: Path, tmp_path: Path) -> None:
    package = site / "rude_tui_example"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "odd.py").write_text("PREDICTOR = 7\n")
    (package / "bad.py").write_text("raise RuntimeError('out of order')\n")
    good = (TEMPLATE / "src" / "rude_tui_example" / "importer.py").read_text()
    (package / "good.py").write_text(
        good + "\n\ndef gone():\n    return Path('nowhere.jsonl')\n\n\nFORMAT = QUIZ_CARDS\n"
    )
    _announced(site, BROKEN)
    _announced(site, {"rude_tui.predictors": {"odd": "nothing:AT_ALL"}}, "another")
    done = rude("predictors", "list", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)
    passed_over = "of rude_tui.predictors is passed over: "
    assert f"the plugin odd (another 0.1.0) {passed_over}ModuleNotFoundError: No module named 'nothing'" in done.stderr
    assert f"the plugin odd (rude-tui-example 0.1.0) {passed_over}another has one of that name" in done.stderr
    (tmp_path / "cards.jsonl").write_text(CARDS)
    done = rude("suite", "import", tmp_path / "cards.jsonl", "-o", tmp_path / "s.jsonl")
    assert done.returncode == 3
    assert "is of no format that is known" in done.stderr
    told = {fault.plugin.name: fault.why for fault in plugins.faults()}
    assert told["worse"] == "RuntimeError: out of order"
    assert told["hh"] == "a format of that name ships"
    done = rude("suite", "import", tmp_path / "cards.jsonl", "--as", "worse", "-o", tmp_path / "s.jsonl")
    assert (done.returncode, "RuntimeError: out of order" in done.stderr) == (3, True)
    done = rude("suite", "list", "--json")
    assert done.returncode == 0
    assert (
        "note: the plugin gone (rude-tui-example 0.1.0) of rude_tui.suites is passed over: there is no file"
        in done.stderr
    )
    checks = {check["name"]: check for check in json.loads(rude("doctor", "--json").stdout)}
    assert not checks["plugin worse"]["ok"]
    assert "out of order" in checks["plugin worse"]["detail"]


@pytest.mark.long
def test_the_template_is_built_installed_into_an_environment_and_used(tmp_path: Path) -> None:
    source, wheels, environment = tmp_path / "source", tmp_path / "wheels", tmp_path / "environment"
    shutil.copytree(TEMPLATE, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    _told([*pip, "wheel", "--no-build-isolation", "--no-deps", "-w", str(wheels), str(source)], tmp_path)
    (wheel,) = wheels.glob("*.whl")
    _told([sys.executable, "-m", "venv", "--without-pip", str(environment)], tmp_path)
    own = environment / "bin" / "python"
    beside = "import sysconfig; print(sysconfig.get_path('purelib'))"
    folder = Path(_told([str(own), "-c", beside], tmp_path).strip())
    # This program and what it needs lie beside; the plugin alone is installed.
    packages = [str(ROOT), sysconfig.get_path("purelib"), *(p for p in sys.path if p.endswith("site-packages"))]
    (folder / "beside.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in packages))
    _told([*pip, "--python", str(own), "install", "--no-deps", "--no-index", str(wheel)], tmp_path)
    program = [str(own), "-m", "rude_tui", "--db", str(tmp_path / "x.duckdb")]
    checks = json.loads(_told([*program, "doctor", "--json"], tmp_path, code=None))
    assert {check["name"] for check in checks if "rude-tui-example 0.1.0" in check["detail"] and check["ok"]} == {
        "plugin third-root", "plugin quiz-cards", "plugin school-report", "plugin shortest", "plugin lighthouse",
    }  # fmt: skip
    run = ["run", "--model", str(bundled_models()[0]), "--suite", "lighthouse", "--protocol", "likelihood"]
    done = json.loads(_told([*program, *run, "--backend", "shortest", "--controls", "0", "--json"], tmp_path))
    assert [(one["phase"], one["done"]) for one in done] == [("done", 4)]
    listed = json.loads(_told([*program, "predictors", "list", "--json"], tmp_path))
    (root,) = (row for row in listed if row["predictor"] == "third root of parameters")
    assert [round(value["value"] ** 3) for value in root["values"].values()] == [160_064]


def _told(command: list[str], folder: Path, *, code: int | None = 0) -> str:
    env = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done.stdout

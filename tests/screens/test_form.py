"""Forms as data: what was typed is read as what it should be, and what is wrong is said where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.jobs.cluster.machines import Cluster, Node
from engine.layout.wordings import wordings_asked
from engine.machine.devices import Device
from rubrics.errors import BadInput
from rude_tui.settings import Settings
from screens.run.options import option_fields, take_options
from screens.run.state import RunChoices
from screens.shell.fields import AtField, Typed, field_of
from screens.shell.session import Session
from screens.tasks.catalogue import TASKS


def test_what_was_typed_is_read_or_said_to_be_wrong_at_its_field() -> None:
    typed = Typed({"number": " 12 ", "empty": "", "word": "twelve", "paths": "a; ~/b ;ORG/NAME", "yes": "yes"})
    assert typed.whole("number") == 12
    assert typed.whole("empty") is None
    assert typed.paths("paths")[0] == "a"
    assert typed.paths("paths")[1] == str(Path("~/b").expanduser())
    assert typed.paths("paths")[2] == "ORG/NAME"
    assert typed.yes("yes")
    assert not typed.yes("empty")
    for name, read in (("word", typed.whole), ("empty", typed.path), ("empty", typed.paths)):
        with pytest.raises(AtField) as raised:
            read(name)
        assert raised.value.field == name
        assert raised.value.fix
    with pytest.raises(AtField, match="from 2 on"):
        Typed({"n": "1"}).whole("n", least=2)

    def refuse(text: str) -> int:
        raise BadInput("no such thing", where=text, fix="another")

    with pytest.raises(AtField) as raised:
        typed.read("word", refuse)
    assert (raised.value.field, raised.value.what, raised.value.fix) == ("word", "no such thing", "another")


@pytest.mark.parametrize("name", TASKS)
def test_every_task_asks_for_something_and_says_what_is_missing(name: str, tmp_path: Path) -> None:
    """Nothing typed into any field is answered at a field, not by an error nobody planned for."""
    task, session = TASKS[name], Session(store_path=tmp_path / "new.duckdb")
    fields = task.fields(session)
    assert len({field.name for field in fields}) == len(fields)
    assert task.about.endswith((".", "?"))
    typed = {field.name: field.choices[0] if field.choices else "" for field in fields}
    with pytest.raises(AtField) as raised:
        task.prepare(session, Typed(typed))
    assert raised.value.field in typed


def test_options_of_a_run_are_taken_over_together_or_not_at_all() -> None:
    choices = RunChoices()
    typed = {field.name: field.value for field in option_fields(choices)}
    typed |= {"shots": "3", "rubric": "yes", "seed": "7", "alpha": "0.2", "device": "cpu", "memory": "1.5 GB"}
    with pytest.raises(AtField, match="no number between 0 and 1"):
        take_options(choices, Typed(typed | {"alpha": "2"}))
    assert choices == RunChoices()
    take_options(choices, Typed(typed))
    request = choices.request(["m"], ["world"])
    assert (request.shots, request.show_criteria, request.seed, request.alpha, request.device) == (
        3, True, 7, 0.2, "cpu",
    )  # fmt: skip
    assert request.memory == 3 << 29
    assert "options memory       1.5 GB" in choices.about(str)
    with pytest.raises(AtField, match="no amount of memory"):
        take_options(choices, Typed(typed | {"memory": "much"}))
    assert "options shots        3" in choices.about(str)
    assert "options seed         7" in choices.about(str)
    again = {field.name: field.value for field in option_fields(choices)}
    assert again["shots"] == "3"
    assert again["rubric"] == "yes"


def test_wordings_and_draws_are_asked_for_as_the_command_line_does() -> None:
    choices = RunChoices()
    typed = {field.name: field.value for field in option_fields(choices)}
    for wrong, field in (({"wordings": "no such"}, "wordings"), ({"draws": "21"}, "draws")):
        with pytest.raises(AtField) as raised:
            take_options(choices, Typed(typed | wrong))
        assert raised.value.field == field
    take_options(choices, Typed(typed | {"wordings": "all", "draws": "2"}))
    request = choices.request(["m"], ["world"])
    assert request.wordings == wordings_asked(choices.protocols, "all", 2)
    assert len(request.wordings) > 3
    assert "options wordings     all" in choices.about(str)
    assert "options other shots  2" in choices.about(str)


def test_a_cluster_is_asked_what_it_has_before_it_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, gpu = Device("cpu", 0, "CPU", 1, 1), Device("cuda", 0, "H", 1, 1)

    def found(address: str) -> Cluster:
        if address == "auto":
            raise BadInput("no Ray cluster can be joined", where="auto")
        return Cluster(address, (Node("a", 8, 1, (cpu, gpu) if address == "gpus:1" else (cpu,)),))

    monkeypatch.setattr("engine.jobs.cluster.machines.cluster_at", found)
    choices = RunChoices()
    typed = {field.name: field.value for field in option_fields(choices)} | {"device": "cuda"}
    for address, field in {"auto": "ray", "cpus:1": "device"}.items():
        with pytest.raises(AtField) as raised:
            take_options(choices, Typed(typed | {"ray": address}))
        assert raised.value.field == field
    take_options(choices, Typed(typed | {"ray": "gpus:1"}))
    request = choices.request(["m"], ["world"])
    assert (request.ray, request.device) == ("gpus:1", "cuda")
    assert "options cluster      gpus:1" in choices.about(str)


def test_an_error_is_put_where_the_path_that_it_speaks_of_was_typed() -> None:
    values = {"folder": "~/models", "file": "a.csv; b.csv", "empty": "", "seed": "0"}
    assert field_of(BadInput("bad", where=f"{Path('b.csv').absolute()}, line 3"), values) == "file"
    assert field_of(BadInput("bad", where=str(Path("~/models/x").expanduser())), values) == "folder"
    assert field_of(BadInput("bad"), values) == ""
    assert field_of(BadInput("bad", where="elsewhere"), values) == ""
    assert field_of(AtField("seed", BadInput("bad")), values) == "seed"


def test_what_ships_is_hidden_now_and_next_time() -> None:
    kept: dict[str, object] = {}
    session = Session(remember=lambda name, value: kept.update({name: value}))
    session.show_bundled(shown=False)
    assert session.hide_bundled
    assert kept == {"hide_bundled": True}
    assert not Settings().hide_bundled

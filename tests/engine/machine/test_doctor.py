"""The doctor: every check present, failures named with a way out, nothing left behind."""

from __future__ import annotations

import importlib.metadata
import os
import tomllib
from pathlib import Path

import pytest

from engine.machine import doctor
from engine.machine.doctor import MachineCheck, report


def by_name(folder: Path) -> dict[str, MachineCheck]:
    return {check.name: check for check in report(folder)}


def test_every_check_is_there_and_nothing_is_left_behind(tmp_path: Path) -> None:
    found = by_name(tmp_path / "not" / "yet")
    assert {"python", "torch", "transformers", "bitsandbytes", "duckdb", "textual", "cpu", "memory"} <= set(found)
    assert {"data folder", "disk for data", "Hugging Face cache", "locale", "terminal"} <= set(found)
    assert found["torch"].detail == importlib.metadata.version("torch")
    assert all(check.detail and (check.ok or check.fix) for check in found.values())
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    found = by_name(tmp_path)
    for name in ("torch", "duckdb", "bitsandbytes"):
        assert not found[name].ok
        assert found[name].fix


@pytest.mark.parametrize(
    "version, ok, words",
    [
        ("2.60.0", True, "2.60.0"),
        ("2.51", True, "2.51"),
        ("2.50.1", False, "2.51 or newer"),
        ("3.0.0", False, "below 3"),
    ],
)
def test_ray_is_said_and_whether_it_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, ok: bool, words: str
) -> None:
    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version if name == "ray" else real(name))
    check = by_name(tmp_path)["ray"]
    assert (check.ok, words in check.detail) == (ok, True)
    extra = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    assert f"ray>={'.'.join(map(str, doctor._OLDEST_RAY))},<{doctor._TOO_NEW_RAY[0]}" in extra["ray"]


def test_without_ray_all_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "ray":
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    check = by_name(tmp_path)["ray"]
    assert check.ok
    assert "not installed" in check.detail


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    check = by_name(tmp_path / "file")["data folder"]
    assert not check.ok
    assert "--db" in check.remedy


def test_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "free_memory", lambda: (4 << 30, 1 << 20))
    assert not by_name(tmp_path)["memory"].ok


def test_a_locale_that_is_not_utf8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locale.getencoding", lambda: "ANSI_X3.4-1968")
    check = by_name(tmp_path)["locale"]
    assert not check.ok
    assert "UTF-8" in check.fix


@pytest.mark.parametrize(
    "variables, ok, word",
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, True, "16 million"),
        ({"TERM": "screen-256color"}, True, "256"),
        ({"TERM": "dumb"}, False, "dumb"),
        ({"TERM": "dumb", "NO_COLOR": "1"}, True, "NO_COLOR"),
        ({"TERM": "\x1b[2J"}, False, "few"),
    ],
)
def test_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], ok: bool, word: str
) -> None:
    for name in ("TERM", "COLORTERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    check = by_name(tmp_path)["terminal"]
    assert check.ok == ok
    assert word in check.detail
    assert check.detail.isprintable()


def test_the_cache_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not there yet" in by_name(tmp_path)["Hugging Face cache"].detail
    (Path(os.environ["HF_HOME"]) / "hub" / "models--org--m" / "snapshots" / "abc").mkdir(parents=True)
    assert "1 model" in by_name(tmp_path)["Hugging Face cache"].detail

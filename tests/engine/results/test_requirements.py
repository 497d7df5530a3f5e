"""Limits and preferences from a TOML file: what they exclude, and what is no such file."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.results.requirements import CandidateFacts, Requirements, read_requirements
from rubrics.errors import BadInput

FULL = """
margin = 1.5
prefer = ["price", "parameters"]
[limits]
parameters = 8_000_000_000
price = 0.5
context = 8192
licences = ["Apache-2.0", "mit"]
[candidates."a b"]
price = 0.2
licence = "apache-2.0"
context = 4096
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "wanted.toml"
    path.write_text(text)
    return path


def test_everything_that_may_be_said(tmp_path: Path) -> None:
    wanted = read_requirements(written(tmp_path, FULL))
    assert (wanted.margin, wanted.prefer) == (1.5, ("price", "parameters"))
    assert (wanted.most_parameters, wanted.most_price, wanted.least_context) == (8_000_000_000, 0.5, 8192)
    facts = wanted.of("a b", CandidateFacts(parameters=5, context=32_768))
    assert facts == CandidateFacts(5, 4096, 0.2, "apache-2.0")
    assert "4,096" in wanted.veto(facts)
    assert wanted.of("another", CandidateFacts(7, 1)) == CandidateFacts(7, 1, None, None)


@pytest.mark.parametrize(("facts", "reason"), [
    (CandidateFacts(parameters=11), "parameters"), (CandidateFacts(price=2.5), "price"),
    (CandidateFacts(context=9), "context"), (CandidateFacts(licence="gemma"), "licence"),
    (CandidateFacts(10, 10, 2.0, "MIT"), ""), (CandidateFacts(), ""),
])  # fmt: skip
def test_limits_exclude_what_is_known_to_break_them(facts: CandidateFacts, reason: str) -> None:
    wanted = Requirements(most_parameters=10, most_price=2, least_context=10, licences=("mit",))
    assert (reason in wanted.veto(facts)) if reason else wanted.veto(facts) == ""


def test_what_a_limit_asks_for_and_nobody_has_said_is_named() -> None:
    wanted = Requirements(most_price=2, licences=("mit",))
    assert wanted.unknown(CandidateFacts(parameters=5)) == ("price", "licence")
    assert wanted.unknown(CandidateFacts(price=1, licence="mit")) == ()


@pytest.mark.parametrize(("text", "named"), [
    ("margn = 1", "did you mean margin"), ("margin = -1", "margin is -1"), ("margin = nan", "margin is nan"),
    ("margin = true", "margin is True"), ("margin = 1" + "0" * 400, "out of all bounds"), ("limits = 3", "no table"),
    ('prefer = ["speed"]', "speed"), ("prefer = 3", "prefer is 3"), ("[limits]\nprize = 1", "limits.price"),
    ("[limits]\nparameters = 1.5", "whole number"), ("[candidates]\na = 3", "candidates.a"),
    ("[candidates.a]\nlicence = 3", "candidates.a.licence"), ("a" + ".b" * 2000 + " = 1", ""), ("margin", "TOML"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_requirements(written(tmp_path, text))
    assert named in str(refused.value)

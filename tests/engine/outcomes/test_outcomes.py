"""Outcomes in: the contract's CSV, and whose the scores are."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.outcomes.outcome import check_together, mixed_scales, other_lengths, unsaid_directions, unsaid_scales
from engine.outcomes.outcomes import Outcome, mapping_of, near_misses, published_outcomes, read_outcomes, renamed
from rubrics.errors import OutcomeError


def _write(folder: Path, content: str | bytes) -> Path:
    path = folder / "outcomes.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_full_and_short_rows(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "\ufeffoutcome,candidate,score,source,stderr,domain\r\n"
        'health,"Acme, Inc/base",-.171,"our run, May",0.01,health advice\r\n'
        "\r\n"
        "health,other, 7e-1 ,,,\r\n",
    )
    assert read_outcomes(path).outcomes == [
        Outcome("Acme, Inc/base", "health", -0.171, 0.01, "our run, May", None, "health advice"),
        Outcome("other", "health", 0.7),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("  \n \n", "is empty"),
        ("candidate,outcome,score\n", "no scores"),
        ("candidate,score\nm,1\n", "line 1: column 'outcome' is missing"),
        ("candidate,outcome,score,weight\nm,o,1,2\n", "line 1: column 'weight' is not known"),
        ("candidate,outcome,score,score\nm,o,1,2\n", "line 1: column 'score' stands twice"),
        ("candidate,outcome,score\nm,o\n", "line 2: has 2 fields, the header 3"),
        ("candidate,outcome,score\nm,o,high\n", "line 2, score: 'high' is not a number"),
        ('candidate,outcome,score\nm,o,"0,7"\n', "use a decimal point"),
        ("candidate,outcome,score\nm,o,\n", "line 2, score: '' is not a number"),
        ("candidate,outcome,score\nm,o,1_0\n", "line 2, score: '1_0' is not a number"),
        ("candidate,outcome,score\nm,o,1e308\n", "line 2, score: '1e308' is beyond 1e+100"),
        ("candidate,outcome,score\nm,o,-1e-300\n", "line 2, score: '-1e-300' is nearer to 0 than 1e-100"),
        ("candidate,outcome,score\nm,o,NaN\n", "holds no score: o of m is not a number (line 2)"),
        ("candidate,outcome,score,direction\nm,o,1,up\n", "line 2, direction: 'up' is neither higher nor lower"),
        ("candidate,outcome,score\nm,o,-inf\n", "not finite"),
        ("candidate,outcome,score,scale\nm,o,1,-1\n", "line 2, scale: '-1' is no largest score"),
        ("candidate,outcome,score,scale\nm,o,45,fraction\n", "line 2, score: 45 is beyond the scale"),
        ("candidate,outcome,score,samples\nm,o,1,many\n", "line 2, samples: 'many' is no number of samples"),
        ("candidate,outcome,score,date\nm,o,1,last May\n", "line 2, date: 'last May' is no date"),
        ("candidate,outcome,score,stderr\nm,o,1,-2\n", "line 2, stderr: -2 is below zero"),
        ("candidate,outcome,score\n,o,1\n", "line 2, candidate: is empty"),
        ("candidate,outcome,score\nm, ,1\n", "line 2, outcome: is empty"),
        ("candidate,outcome,score\nm,o,1\nm,p,1\nm,o,2\n", "line 4: 'm' already has a score of 'o' on line 2"),
        (b"candidate,outcome,score\nm\xe9,o,1\n", "line 2 is not UTF-8 (byte 0xe9)"),
        ('candidate,outcome,score\n"m,o,1\n', "is not CSV"),
        (b"PK\x03\x04rest", "zip archive that cannot be read"),
        ("{", "line 1 is not JSON"),
        ("[" * 100_000, "is not JSON that can be read"),
        ("candidate\toutcome\tscore\nm\to\t1,250\n", "line 2, score: '1,250' is not a number"),
        ("[1, 2]", "not a result file of a known harness"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, content: str | bytes, said: str) -> None:
    path = _write(tmp_path, content)
    with pytest.raises(OutcomeError) as caught:
        read_outcomes(path)
    assert said in caught.value.what
    assert caught.value.where == str(path)
    assert caught.value.fix


def test_how_a_score_was_measured_is_kept(tmp_path: Path) -> None:
    rows = "candidate,outcome,score,scale,samples,date\nm,o,45,percent,1319,2026-05-31\nn,o,50,100,,2026-05-31T10:00\n"
    assert read_outcomes(_write(tmp_path, rows)).outcomes == [
        Outcome("m", "o", 45.0, scale=100.0, samples=1319, measured="2026-05-31"),
        Outcome("n", "o", 50.0, scale=100.0, measured="2026-05-31T10:00:00"),
    ]


def test_scales_that_are_said_are_held_against_each_other() -> None:
    held = [Outcome("a", "o", 0.5, scale=1.0), Outcome("b", "o", 45.0, scale=100.0, source="b.csv")]
    with pytest.raises(OutcomeError, match=r"on several scales, .* 1 by the score of a, 100 by b\.csv"):
        check_together(held)
    check_together(held, one_scale=True)
    # Percents below 1 beside others look like two scales, unless it is said that they are not.
    check_together([replace(held[0], scale=100.0), held[1]])
    assert not unsaid_scales([Outcome("a", "o", 0.8, scale=100.0), Outcome("b", "o", 2.0, scale=100.0)])


def test_all_faults_at_once_up_to_twenty(tmp_path: Path) -> None:
    rows = "".join(f"m{i},o,x\n" for i in range(25))
    with pytest.raises(OutcomeError) as caught:
        read_outcomes(_write(tmp_path, "candidate,outcome,score\n" + rows))
    assert caught.value.what.startswith("25 faults")
    assert "… and 5 more" in caught.value.what


SHEET = [["candidate", "outcome", "score", "direction"], ["c0", "tide", "0,31", "lower"], ["c1", "tide", "0,4475", ""]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("separator", "first"), [(";", ""), ("\t", ""), (";", "sep=;\r\n"), ("|", "")])
def test_spreadsheets_are_read_as_they_are_saved(tmp_path: Path, encoding: str, separator: str, first: str) -> None:
    text = first + "".join(separator.join(row) + "\r\n" for row in SHEET)
    found = read_outcomes(_write(tmp_path, text.encode(encoding))).outcomes
    assert [(o.candidate, o.score, o.lower_is_better) for o in found] == [("c0", 0.31, True), ("c1", 0.4475, None)]


def test_a_row_of_nan_is_left_out_by_name(tmp_path: Path) -> None:
    read = read_outcomes(_write(tmp_path, "candidate,outcome,score,stderr\nm,o,nan,\nm,p,1,nan\n"))
    assert read == ([Outcome("m", "p", 1.0)], ["o of m is not a number (line 2)"])
    read = read_outcomes(_write(tmp_path, "candidate,outcome,score,stderr\nm,o,N/A,\nm,p,1,na\n"))
    assert read == ([Outcome("m", "p", 1.0)], ["o of m is not a number (line 2)"])


def test_columns_that_a_spreadsheet_once_used_are_none(tmp_path: Path) -> None:
    sheet = "candidate;outcome;score;;\nc0;tide;0,31;;\nc1;tide;0,4475;;\n"
    assert [o.score for o in read_outcomes(_write(tmp_path, sheet)).outcomes] == [0.31, 0.4475]
    with pytest.raises(OutcomeError, match="has 4 fields"):
        read_outcomes(_write(tmp_path, "candidate;outcome;score;;\nc0;tide;0,31;x;\n"))


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ((0.31, 44.0, 0.52, 71.5), "fractions (c0 0.31, c2 0.52) and percents (c1 44, c3 71.5)"),
        ((-0.02, 8.5), "fractions"),
        ((0.31, 0.44, 1.0, 0.0), ""),
        ((31.0, 44.0, 1.0, 0.0), ""),
        ((0.9, 1.2, 2.5, 3.1), ""),
        ((0.5, 1200.0), ""),
    ],
)
def test_fractions_beside_percents_are_named(scores: tuple[float, ...], said: str) -> None:
    held = [Outcome(f"c{n}", "o", score) for n, score in enumerate(scores)]
    assert mixed_scales(held).startswith(said)
    assert bool(mixed_scales(held)) == bool(said)
    if said:
        with pytest.raises(OutcomeError, match="two scales"):
            check_together(held)
    check_together(held, one_scale=True)


def _error(score: float, whole: float, n: int) -> float:
    """Of a share out of n, on a scale up to `whole`, as a harness writes it."""
    share = score / whole
    return whole * math.sqrt(share * (1 - share) / (n - 1))


@pytest.mark.parametrize(
    ("fractions", "percents", "mixed"),
    [((0.62, 0.55), (2.0, 3.5), True), ((0.31,), (44.0,), True), ((), (0.8, 0.2, 2.0, 44.0), False)],
)
def test_standard_errors_tell_fractions_from_percents(
    fractions: tuple[float, ...], percents: tuple[float, ...], mixed: bool
) -> None:
    """2 % beside .62: the numbers overlap, but a test of 400 items has errors of its own size on each scale."""
    scores = [*((score, 1.0) for score in fractions), *((score, 100.0) for score in percents)]
    held = [Outcome(f"c{n}", "o", score, _error(score, whole, 400)) for n, (score, whole) in enumerate(scores)]
    assert bool(mixed_scales(held)) is mixed
    assert not unsaid_scales(held)


def test_where_nothing_tells_scales_apart_it_is_said() -> None:
    held = [Outcome(f"c{n}", "tide", score) for n, score in enumerate((0.62, 0.55, 2.0))]
    check_together(held)
    (note,) = unsaid_scales(held)
    assert "tide: taken as one scale" in note
    assert "c0 0.62" in note
    assert "c2 2" in note
    assert not unsaid_scales([replace(score, outcome="gulls/perplexity") for score in held])
    assert not unsaid_scales([replace(score, score=score.score / 4) for score in held])


def test_two_opinions_on_which_end_is_better_are_refused() -> None:
    held = [Outcome("a", "o", 2.0, source="a.json", lower_is_better=True), Outcome("b", "o", 3.0)]
    check_together(held)
    with pytest.raises(OutcomeError, match=r"lower is better by a\.json, higher by the score of c"):
        check_together([*held, Outcome("c", "o", 4.0, lower_is_better=False)])


def test_names_of_losses_without_a_direction_are_pointed_out() -> None:
    held = [Outcome("a", "wiki/word_perplexity", 2.0), Outcome("a", "val loss", 2.0), Outcome("a", "closs", 2.0)]
    assert [what.split(":")[0] for what in unsaid_directions(held)] == ["wiki/word_perplexity", "val loss"]
    assert not unsaid_directions([Outcome("a", "loss", 2.0, lower_is_better=False)])


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(OutcomeError, match="cannot be read"):
        read_outcomes(tmp_path / "none.csv")
    with pytest.raises(OutcomeError, match="is a folder"):
        read_outcomes(tmp_path)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_rubbish_is_refused_or_read_but_never_crashes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("o") / "x.csv"
    for head in (b"", b"candidate,outcome,score\n", b'{"results": '):
        path.write_bytes(head + content)
        try:
            found = read_outcomes(path).outcomes
        except OutcomeError:
            continue
        assert found
        assert all(outcome.candidate and outcome.outcome for outcome in found)


def test_near_names_are_only_suggested() -> None:
    found = near_misses(["GLM-4.5", "glm45", "org/qwen3_4b_base", "zebra"], ["GLM-4.5", "Qwen3-4B-Base"])
    assert found == {"glm45": ("GLM-4.5",), "org/qwen3_4b_base": ("Qwen3-4B-Base",), "zebra": ()}


def test_a_mapping_decides() -> None:
    given = [Outcome("base-sft", "o", 0.5, 0.1, "s"), Outcome("other", "o", 0.4)]
    assert renamed(given, {"base-sft": "base"}) == [Outcome("base", "o", 0.5, 0.1, "s"), given[1]]


def test_a_mapping_of_nobody_and_two_scores_that_meet_are_refused() -> None:
    with pytest.raises(OutcomeError, match="'bass' is in no file") as caught:
        renamed([Outcome("base", "o", 1)], {"bass": "m"})
    assert "did you mean base" in caught.value.fix
    with pytest.raises(OutcomeError, match="two scores of 'o' meet in candidate 'base'"):
        renamed([Outcome("base", "o", 1), Outcome("base-sft", "o", 2)], {"base-sft": "base"})
    with pytest.raises(OutcomeError, match="two scores of 'o' meet in candidate 'm'"):
        renamed([Outcome("m", "o", 1, source="a.json"), Outcome("m", "o", 2, source="b.json")], {})


def test_mappings_are_said_or_written(tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    file.write_text('name,candidate\n"run=1, b",b\n')
    assert mapping_of(["acme/a=it=a", str(file)]) == {"acme/a=it": "a", "run=1, b": "b"}


@pytest.mark.parametrize(
    ("parts", "said"),
    [(["a"], "does not say whose"), (["=b"], "does not say whose"), (["a=b", "a=c"], "'b' and to 'c'")],
)
def test_mappings_that_say_nothing(parts: list[str], said: str) -> None:
    with pytest.raises(OutcomeError, match=said):
        mapping_of(parts)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name,who\na,b\n", "needs one column named name and one named candidate"),
        (b"name,candidate,candidate\na,b,c\n", "needs one column named name and one named candidate"),
        (b"name,candidate\na,b\nc,d,e\n", "line 3: has 3 fields, the header 2"),
        (b"name,candidate\n,b\n", "does not say whose"),
        (b"name,candidate\n\xff,b\n", "UTF-8"),
        (b'name,candidate\n"a,b', "CSV"),
    ],
)
def test_mapping_files_that_cannot_be_read(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "names.csv").write_bytes(content)
    with pytest.raises(OutcomeError, match=said):
        mapping_of([str(tmp_path / "names.csv")])
    with pytest.raises(OutcomeError, match="cannot be read"):
        mapping_of([str(tmp_path / "none.csv")])


def test_published_scores_name_their_source() -> None:
    found = published_outcomes()
    assert len(found) == 64
    assert Outcome("GLM-4.5", "HealthBench", 0.26, None, "arXiv 2605.11978, digitised") in found


def test_a_standard_error_that_no_share_can_have_is_on_another_scale() -> None:
    # Of one flip of a fair coin it is a half; no share of right answers has a larger one.
    held = [Outcome("a", "arc", 0.5, 0.5), Outcome("b", "arc", 0.71, 3.5)]
    with pytest.raises(OutcomeError, match=r"'arc' has standard errors that no share can have: b 0\.71 ± 3\.5"):
        check_together(held)
    check_together(held, one_scale=True)
    check_together([held[0], Outcome("b", "arc", 0.71, 0.035)])
    check_together([Outcome("a", "elo", 1100.0, 35.0), Outcome("b", "elo", 0.4, 3.0)], one_scale=True)


def test_scores_of_several_conditions_are_not_one_outcome() -> None:
    # Five examples before each question are another test than none.
    none, five = (Outcome(name, "quiz", 0.5, conditions=said) for name, said in (("a", "0 shots"), ("b", "5 shots")))
    with pytest.raises(OutcomeError, match=r"under several conditions: 0 shots \(a 0\.5\); 5 shots \(b 0\.5\)"):
        check_together([none, five])
    check_together([none, five], one_test=True)
    check_together([none, replace(five, conditions=None), replace(five, outcome="other")])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"n-shot": {"quiz": 1}}, "1 shot"),
        ({"versions": {"quiz": 2.0}, "n-shot": {"quiz": 0}}, "0 shots, version 2"),
        ({"versions": {"quiz": "Yaml"}}, "version Yaml"),
        ({"chat_template": "{{ bos }}", "n-shot": {"quiz": 5}}, "5 shots, chat template"),
        ({"system_instruction": "Be brief.", "config": {"num_fewshot": 3}}, "3 shots, system instruction"),
        ({"n-shot": {"quiz": math.nan}, "versions": {"quiz": [2]}, "chat_template": None}, None),
    ],
)
def test_conditions_of_a_harness(tmp_path: Path, more: dict[str, object], said: str | None) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"results": {"quiz": {"acc,none": 0.5}}, "model_name": "a", **more}))
    (score,) = read_outcomes(path).outcomes
    assert score.conditions == said


def test_a_part_of_a_test_is_said_to_be_one() -> None:
    whole, most, part = (Outcome(name, "quiz", 0.5, samples=n) for name, n in (("a", 1000), ("b", 990), ("c", 10)))
    assert other_lengths([whole, most, Outcome("d", "quiz", 0.5)]) == []
    (note,) = other_lengths([whole, most, part])
    assert note == "quiz: measured on 10 samples of c, on 1,000 of a; a part of a test is another test"


def test_an_outcome_is_of_one_domain() -> None:
    law, health = (Outcome(name, "exam", 1.0, domain=domain) for name, domain in (("a", "law"), ("b", "health")))
    check_together([law, replace(health, domain=None), replace(health, outcome="other")])
    with pytest.raises(OutcomeError, match="'exam' is tied to several domains"):
        check_together([law, health])


def test_columns_may_be_written_in_capitals(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("Candidate;OUTCOME;Score;StdErr\na;exam;63,2;1,1\n")
    (score,) = read_outcomes(path).outcomes
    assert (score.candidate, score.outcome, score.score, score.stderr) == ("a", "exam", 63.2, 1.1)


def test_two_columns_that_differ_in_case_are_not_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("candidate,outcome,score,Score\na,exam,63,64\n")
    with pytest.raises(OutcomeError, match="column 'Score' is not known"):
        read_outcomes(path)

"""Wordings: those that come along, own ones and what is wrong with them, and other draws of exemplars."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.layout.lay_out import LayoutOptions, lay_out
from engine.layout.protocols import PROTOCOLS
from engine.layout.wording import shot_blocks, template_hash
from engine.layout.wordings import PLAIN, Wording, wordings_asked, wordings_in
from rubrics.errors import BadInput
from rubrics.reading import find_suite

OWN = """
[[wordings]]
name = "quiz"
protocol = "likelihood"
prompt = "\\nQuiz: {prompt}\\n"
first = "\\nReply:\\n"
"""


class Letters:
    """A token for each character."""

    prefix = (1,)
    notes = ()
    vocabulary = 0x110000

    def encode(self, text: str) -> list[int]:
        return [ord(letter) + 2 for letter in text]

    def decode_token(self, token: int) -> str:
        return chr(token - 2)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_is_laid_out_and_is_a_run_of_its_own(protocol) -> None:
    world = find_suite("world")
    options = [LayoutOptions(protocol, wording=wording) for wording in wordings_asked([protocol], "all")]
    assert options[0].wording is PLAIN
    assert len({template_hash(each, world) for each in options}) == len(options) >= 4
    pair = world.scored[0]
    shown = set()
    for each in options:
        if protocol == "choice":
            # Labels of one character each are wanted here.
            each = LayoutOptions(protocol, wording=Wording(protocol, "x", {**each.wording.parts, "answers": [
                {"cue": answer["cue"] + answer["labels"][0][:-1], "labels": [label[-1] for label in answer["labels"]]}
                for answer in each.template["answers"]
            ]}))  # fmt: skip
        request = lay_out(world, Letters(), each).requests[pair.id][0]
        text = "".join(chr(token - 2) for token in request.ids[1:])
        assert pair.prompt_text in text
        assert pair.chosen in text
        if request.scored is not None:
            start, end = request.scored
            assert "".join(chr(token - 2) for token in request.ids[start:end]) == pair.chosen
        else:
            first, second = each.template["answers"][0]["labels"]
            assert request.labels == (ord(first) + 2, ord(second) + 2)
        shown.add(text)
    assert len(shown) == len(options)


def test_own_ones_and_some_by_name(tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text(OWN)
    plain, quiz = wordings_asked(["likelihood"], str(file))
    assert (plain.label, quiz.label, quiz.parts["first"]) == ("", "quiz", "\nReply:\n")
    assert Wording.of_json(quiz.to_json()) == quiz
    assert [w.label for w in wordings_asked(["likelihood"], "bare, question")] == ["", "question", "bare"]
    assert [w.label for w in wordings_asked(["choice"], "", 2)] == ["", "plain, draw 1", "plain, draw 2"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (OWN.replace("{prompt}", "prompt"), "names {prompt} 0 times"),
        (OWN.replace("{prompt}", "{prompt} {prompt}"), "names {prompt} 2 times"),
        (OWN.replace('Reply:\\n"', 'Reply:"'), "does not end in a line break"),
        (OWN.replace("likelihood", "likely"), "protocol is 'likely'"),
        (OWN.replace("first", "frist"), "no part 'frist'"),
        (OWN.replace("first =", "second ="), "no part 'second'"),
        (OWN.replace("quiz", "plain"), "its name is 'plain'"),
        (OWN.replace("quiz", "\\u001b[31m"), "its name is"),
        (OWN.replace('"\\nReply:\\n"', "3"), "first is no text"),
        (OWN + OWN, "two wordings 'quiz'"),
        (OWN.split("prompt =")[0], "nothing other than the plain"),
        ("[[wordings]", "not TOML"),
        ("a = 1", r"holds no \[\[wordings\]\]"),
        ('[[wordings]]\nname="n"\nprotocol="choice"\nanswers=[{cue="x", labels=["A","A"]}]', "the labels are"),
        ('[[wordings]]\nname="n"\nprotocol="choice"\nanswers=[]', "not a cue and two labels"),
        ('[[wordings]]\nname="n"\nprotocol="choice"\nanswers="A"', "not a cue and two labels"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "w.toml"
    file.write_text(text)
    with pytest.raises(BadInput, match=what) as error:
        wordings_in(file)
    assert str(file) in error.value.where


def test_no_such_wording() -> None:
    with pytest.raises(BadInput, match="no wording 'quiz'"):
        wordings_asked(["choice"], "quiz")
    with pytest.raises(BadInput, match=r"no wording (of these is for choice|.bare.)"):
        wordings_asked(["choice"], "bare")


def test_a_draw_shows_other_exemplars_and_keeps_the_answers_even() -> None:
    world = find_suite("world")
    plain, *drawn = (
        shot_blocks(LayoutOptions("choice", wording=wording), world)[0] for wording in wordings_asked(["choice"], "", 4)
    )
    assert all(block.keys() == plain.keys() for block in drawn)
    assert any(block != plain for block in drawn)
    for block in (plain, *drawn):
        for text in block.values():
            assert (text.count("Better response: A"), text.count("Better response: B")) == (1, 1)
    # Where no exemplar is shown, there is nothing to draw.
    hashes = {
        template_hash(LayoutOptions("likelihood", wording=w), world) for w in wordings_asked(["likelihood"], "", 3)
    }
    assert len(hashes) == 1

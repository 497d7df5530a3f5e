"""Documents that compare: exactly what `choice` shows, with answers that are right."""

from __future__ import annotations

from itertools import islice

from engine.layout.lay_out import LayoutOptions
from engine.layout.wording import fill, prompt_block, template_of
from engine.posttrain.comparisons import comparisons
from rubrics.world.generate import generate
from rubrics.world.requests import pool


def _answers(noise: float) -> list[tuple[str, str, str, str]]:
    """Prompt, both responses and the answer of every comparison in some documents, cut up by the template."""
    found = []
    for text, places in islice(comparisons(3, noise=noise), 40):
        parts = text.removeprefix(template_of("choice")["preamble"]).split("Request:\n")[1:]
        assert len(parts) == len(places)
        for part, place in zip(parts, places, strict=True):
            prompt, _, rest = part.partition("\n\nResponse A:\n")
            first, _, rest = rest.partition("\n\nResponse B:\n")
            second, _, rest = rest.partition("\n\nBetter response: ")
            assert rest.strip() == text[place]
            found.append((prompt, first, second, rest.strip()))
    return found


def _right() -> dict[tuple[str, str], str]:
    """The better of two responses, by prompt and the other one."""
    pairs = [pair for block in range(2) for pair in generate(3 * 1_000_003 + block, 400, "taught", criteria=1)]
    return {(pair.prompt_text, pair.rejected): pair.chosen for pair in pairs}


def test_answers_name_the_better_response() -> None:
    right = _right()
    for noise, wrong in ((0.0, False), (1.0, True)):
        answers = _answers(noise)
        assert {answer for *_, answer in answers} == {"A", "B"}
        for prompt, first, second, answer in answers:
            better = "A" if right.get((prompt, second)) == first else "B"
            assert right[prompt, first if better == "B" else second] in (first, second)
            assert (answer != better) is wrong


def test_they_are_laid_out_as_choice_lays_out_exemplars() -> None:
    text, places = next(doc for doc in comparisons(5) if len(doc[1]) == 1)
    template = template_of("choice")
    prompt, _, rest = text.removeprefix(template["preamble"] + "Request:\n").partition("\n\n")
    (first, second) = rest.removeprefix("Response A:\n").rpartition("\n\n")[0].split("\n\nResponse B:\n")
    shown = template["preamble"] + prompt_block(LayoutOptions("choice"), prompt, ())
    shown += template["first"] + fill(template["response"], response=first)
    shown += template["second"] + fill(template["response"], response=second) + template["answers"][0]["cue"]
    assert text.startswith(shown)
    assert text[len(shown) :] in template["answers"][0]["labels"]
    assert places == (len(text) - 1,)


def test_one_criterion_of_a_taught_family() -> None:
    taught = {family.name for family in pool("taught")}
    pairs = list(generate(9, 60, "taught", criteria=1))
    assert {pair.cluster for pair in pairs} <= taught
    alone = [pair for pair in pairs if len(pair.criteria) == 1]
    # Some families, such as those that lay out a list, need others beside them.
    assert len(alone) > 40
    assert {len(pair.criteria) for pair in generate(9, 30, "taught")} > {1}

"""How pairs are worded: templates and exemplars, as text. Both are data, in `engine/layout/templates/`."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from engine.layout.protocols import Protocol
from engine.layout.wordings import PLAIN, Wording
from rubrics.errors import BadInput

if TYPE_CHECKING:
    from rubrics.schema import Pair, Suite

__all__ = [
    "LayoutOptions",
    "before_response",
    "default_shots",
    "fill",
    "prompt_block",
    "shot_blocks",
    "template_hash",
    "template_of",
]


PromptShown = Literal["own", "none", "other"]


@dataclass(frozen=True)
class LayoutOptions:
    """How pairs are shown; part of the template hash."""

    protocol: Protocol
    shots: int | None = None
    """Exemplars shown before the pair; None for the protocol's default."""
    show_criteria: bool = False
    """Whether the rubric is written under the prompt."""
    prompt: PromptShown = "own"
    """The pair's own; or, to learn what a candidate can tell without understanding it, `none` or another pair's."""
    wording: Wording = PLAIN

    @property
    def template(self) -> Mapping[str, Any]:
        """The named parts of the template, as this wording has them."""
        return {**template_of(self.protocol), **self.wording.parts}

    @property
    def shot_count(self) -> int:
        """Exemplars really shown."""
        return default_shots(self.protocol) if self.shots is None else self.shots


def default_shots(protocol: Protocol) -> int:
    """Two under `choice`, one answered A and one B; none under `likelihood`."""
    return 2 if protocol == "choice" else 0


class Shot(NamedTuple):
    prompt: str
    criteria: tuple[str, ...]
    chosen: str
    rejected: str


@cache
def template_of(protocol: Protocol) -> Mapping[str, Any]:
    """The named parts of a protocol's template."""
    text = (resources.files("engine.layout") / "templates" / f"{protocol}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _general_shots() -> tuple[Shot, ...]:
    text = (resources.files("engine.layout") / "templates" / "shots.toml").read_text(encoding="utf-8")
    return tuple(
        Shot(shot["prompt"], tuple(shot["criteria"]), shot["chosen"], shot["rejected"])
        for shot in tomllib.loads(text)["shots"]
    )


def fill(template: str, **values: str) -> str:
    """A part of a template with its places filled in."""
    # Not str.format: what is filled in, and the template, may hold braces.
    for name, value in values.items():
        template = template.replace("{" + name + "}", value, 1)
    return template


def prompt_block(options: LayoutOptions, prompt: str, criteria: Iterable[str]) -> str:
    """The prompt as it is shown, with the rubric where that is asked for."""
    template = options.template
    block = fill(template["prompt"], prompt=prompt)
    if options.show_criteria:
        block += fill(template["criteria"], criteria="\n".join(f"- {text}" for text in criteria))
    return block


def before_response(prompt: str) -> str:
    """Everything before the response, as it is scored under `likelihood` without shots."""
    template = template_of("likelihood")
    return str(template["preamble"] + prompt_block(LayoutOptions("likelihood"), prompt, ()) + template["first"])


def prompt_blocks(options: LayoutOptions, pairs: Sequence[Pair]) -> dict[str, str]:
    """By pair id, the prompt as it is shown under these options."""
    if options.prompt == "none":
        return {pair.id: "" for pair in pairs}
    source = {pair.id: pair for pair in pairs} if options.prompt == "own" else _strangers(pairs)
    return {
        pair.id: prompt_block(options, source[pair.id].prompt_text, (c.text for c in source[pair.id].criteria))
        for pair in pairs
    }


def _strangers(pairs: Sequence[Pair]) -> dict[str, Pair]:
    """For each pair one of another cluster: the next in an order by hash. A lone cluster has no stranger."""
    ring = sorted(pairs, key=lambda pair: hashlib.sha256(f"{pair.group}\n{pair.id}".encode()).digest())
    if len({pair.cluster for pair in ring}) < 2:
        raise BadInput("every pair is of one cluster, so none can lend another its prompt", fix="use a larger suite")
    strangers: dict[str, Pair] = {}
    last, stranger = ring[0], ring[0]
    # Backwards and twice round: `last` is the pair just passed, `stranger` the nearest ahead of another cluster.
    for pair in (*reversed(ring), *reversed(ring)):
        if pair.cluster != last.cluster:
            stranger = last
        last = pair
        strangers[pair.id] = stranger
    return strangers


def _shown(pair: Pair) -> Shot:
    return Shot(pair.prompt_text, tuple(c.text for c in pair.criteria), pair.chosen, pair.rejected)


def _shots_for(options: LayoutOptions, suite: Suite, domain: str) -> tuple[tuple[Shot, ...], bool]:
    """The exemplars for a domain, and whether they are the suite's own."""
    count = options.shot_count
    if count < 0:
        raise BadInput(f"{count} shots cannot be shown", fix="ask for 0 shots or more")
    own = suite.shots.get(domain, ())
    if len(own) >= count:
        return _drawn([_shown(pair) for pair in own], options.wording.draw, domain)[:count], True
    general = _general_shots()
    if count > len(general):
        raise BadInput(
            f"{count} shots asked for, but domain {domain!r} has {len(own)} exemplars and the program {len(general)}",
            where=suite.name,
            fix=f"ask for {len(general)} shots or fewer, or add exemplars (split: shot) to the suite",
            shell=f"--shots {len(general)}",
        )
    return _drawn(general, options.wording.draw, domain)[:count], False


def _drawn(shots: Sequence[Shot], draw: int, domain: str) -> tuple[Shot, ...]:
    """Exemplars in the order of a draw: that in which they stand, or by hash."""
    if not draw:
        return tuple(shots)
    return tuple(
        sorted(
            shots, key=lambda shot: hashlib.sha256(f"{draw}\n{domain}\n{shot.prompt}\n{shot.chosen}".encode()).digest()
        )
    )


def _shots_block(options: LayoutOptions, shots: Sequence[Shot], form: int) -> str:
    template = options.template
    parts = [template["preamble"]]
    for number, shot in enumerate(shots):
        parts.append(prompt_block(options, shot.prompt, shot.criteria))
        if options.protocol == "likelihood":
            parts += [template["first"], fill(template["response"], response=shot.chosen)]
            continue
        place = number % 2  # 0: the better response stands first and the answer is A
        shown = (shot.chosen, shot.rejected) if place == 0 else (shot.rejected, shot.chosen)
        parts += [template["first"], fill(template["response"], response=shown[0])]
        parts += [template["second"], fill(template["response"], response=shown[1])]
        answer = template["answers"][form]
        parts.append(answer["cue"] + answer["labels"][place] + template["between"])
    return "".join(parts)


def shot_blocks(options: LayoutOptions, suite: Suite, form: int = 0) -> tuple[dict[str, str], list[str]]:
    """The text before the prompt for every scored domain, and notes on where exemplars came from.

    Args:
        form: which of the template's forms of answer the exemplars show.
    """
    blocks: dict[str, str] = {}
    notes: list[str] = []
    for domain in sorted({pair.domain for pair in suite.scored}):
        shots, own = _shots_for(options, suite, domain)
        blocks[domain] = _shots_block(options, shots, form)
        if not own:
            own_count = len(suite.shots.get(domain, ()))
            has = "no exemplars" if own_count == 0 else f"{own_count} of {options.shot_count} exemplars"
            notes.append(f"domain {domain!r} has {has} of its own; the program's general ones are used")
    return blocks, notes


def template_hash(options: LayoutOptions, suite: Suite) -> str:
    """SHA-256, hexadecimal, over template text, options and the exemplars that will really be shown.

    Raises:
        BadInput: more shots asked for than there are exemplars.
    """
    blocks, _ = shot_blocks(options, suite)
    content = {
        "template": options.template,
        "protocol": options.protocol,
        "shots": options.shot_count,
        "show_criteria": options.show_criteria,
        "prompt": options.prompt,
        "blocks": blocks,
    }
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

"""Prompts for post-training with the programs that judge answers: from the procedural world, or of one's own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Final

from engine.posttrain.recipe import Tasks
from rubrics.errors import BadInput, SuiteError
from rubrics.prompts import read_prompts
from rubrics.reading import find_suite
from rubrics.schema import Criterion
from rubrics.sources import read_bytes
from rubrics.world.corpus import DIALOGUE
from rubrics.world.forms import Family
from rubrics.world.requests import compose, pool, reserved
from rubrics.world.things import Rng
from rubrics.world.verifiers import Check, verify

__all__ = ["WORLD", "Split", "Task", "draw", "in_turn", "preferences", "split", "suite_hash"]

WORLD: Final = "world"
"""The suite that is made up as it is needed."""
_ATTEMPTS: Final = 400


@dataclass(frozen=True)
class Task:
    """A prompt, a response that meets its criteria where one is known, and what decides whether another does."""

    family: str
    """Template family; of a prompt of one's own, its domain."""
    prompt: str
    response: str | None
    subcategories: tuple[str, ...]
    checks: tuple[Check | None, ...]
    """One a criterion, like `subcategories`; None where no program decides it."""
    criteria: tuple[Criterion, ...] = ()
    """Likewise, in words."""

    @property
    def text(self) -> str:
        """The prompt as the candidate sees it, up to where the response begins."""
        return DIALOGUE.format(prompt=self.prompt)

    def met(self, response: str) -> tuple[bool, ...]:
        """Which criteria a response meets, in order; each has to have a program."""
        return tuple(verify(check, response) for check in self.checks if check is not None)

    def reward(self, response: str) -> float:
        """Share of criteria met."""
        met = self.met(response)
        return sum(met) / len(met)


@dataclass(frozen=True)
class Split:
    """What is trained on, and the two things that are measured."""

    train: tuple[Task, ...]
    seen: tuple[Task, ...]
    """Held-out prompts of families that are trained on."""
    held: tuple[Task, ...]
    """Held-out prompts of families that are not."""

    @property
    def demonstrations(self) -> tuple[Task, ...]:
        """Those with a response."""
        return tuple(task for task in self.train if task.response)


def suite_hash(suite: str) -> str:
    """Tells contents of suites apart; the procedural world's is its name, as the recipe decides the rest."""
    return suite if suite == WORLD else hashlib.sha256(read_bytes(Path(suite), SuiteError)).hexdigest()[:16]


def split(suite: str, tasks: Tasks, *, verifier: bool = False) -> Split:
    """Draw prompts from the procedural world, or share out those of a file; the same arguments give the same tasks.

    Args:
        suite: `world`, or a JSONL file of prompts with `checks` (see `rubrics.prompts`).
        verifier: a model decides criteria that no program does; without one these are left out.

    Raises:
        BadInput: unknown families, or a file without a criterion that can be decided.
    """
    return _world(tasks) if suite == WORLD else _own(Path(suite), tasks, verifier)


def in_turn(tasks: Sequence[Task], seed: int) -> list[Task]:
    """In an order drawn by a seed in which families take turns, so that every step of training sees as many as it can.

    What a step pays then does not depend on which families it happened to draw: rewards of steps can be compared, and
    gradients are less noisy.
    """
    rng = Rng(f"in turn {seed}")
    families: dict[str, list[Task]] = {}
    for task in tasks:
        families.setdefault(task.family, []).append(task)
    for own in families.values():
        rng.shuffle(own)
    return [task for turn in zip_longest(*families.values()) for task in turn if task is not None]


@lru_cache(maxsize=4)
def _world(tasks: Tasks) -> Split:
    trainable = {family.name: family for family in pool("all")}
    by_name = trainable | {family.name: family for family in pool("unseen")}
    for where, names, known in (("train", tasks.train, trainable), ("test", tasks.test, by_name)):
        for name in names:
            if name in by_name.keys() - known.keys():
                raise BadInput(f"{name!r} is never trained on", where=f"tasks.{where}", fix="name it in `test`")
            if name not in known:
                families = ", ".join(sorted(known))
                raise BadInput(f"no template family {name!r}", where="tasks", fix=f"families: {families}")
    if not tasks.train or not tasks.test:
        raise BadInput("no families to train or to test on", where="tasks", fix="name some in `train` and `test`")
    seen: set[str] = set()

    def drawn(what: str, families: tuple[str, ...], count: int) -> tuple[Task, ...]:
        named = [by_name[name] for name in families]
        return tuple(draw(Rng(f"post-training {what} {tasks.seed}"), named, count, tasks.criteria, seen))

    held = drawn("held", tasks.test, tasks.per_family * len(tasks.test))
    same = drawn("seen", tasks.train, tasks.seen_per_family * len(tasks.train))
    return Split(drawn("train", tasks.train, tasks.demonstrations), same, held)


def draw(rng: Rng, families: Sequence[Family], count: int, criteria: int, seen: set[str]) -> list[Task]:
    """Tasks of template families in turn, none of whose prompts is in `seen`, and none ever in a suite.

    A family of which no further prompt can be found is passed over, so that there may be fewer than `count`.

    Args:
        criteria: of each prompt, at most.
        seen: prompts that are taken; those drawn are added.
    """
    # What stands beside the family in question must not come from the other side of the split.
    allowed = {family.name for family in families}
    tasks: list[Task] = []
    for number in range(count):
        primary = families[number % len(families)]
        size = rng.randint(1, criteria)
        for attempt in range(_ATTEMPTS):
            request = next(compose(rng, primary, size if attempt < _ATTEMPTS // 2 else None))
            settings = tuple(rng.randrange(2) for _ in request.traits)
            prompt = request.prompt(settings)
            apart = len(request.traits) <= criteria and {trait.family for trait in request.traits} <= allowed
            # Suites never hold a reserved prompt, and post-training never another.
            if apart and reserved(prompt) and prompt not in seen and request.proven(settings, settings):
                seen.add(prompt)
                subcategories = tuple(str(trait.subcategory) for trait in request.traits)
                response = request.response(settings)
                tasks.append(Task(
                    primary.name, prompt, response, subcategories, request.checks(settings), request.criteria(settings)
                ))  # fmt: skip
                break
    return tasks


def _own(path: Path, tasks: Tasks, verifier: bool) -> Split:
    usable: list[Task] = []
    for prompt in read_prompts(path):
        checks = {name: spec.check() for name, spec in (prompt.checks or {}).items()}
        judged = [(c, checks.get(c.id)) for c in prompt.criteria if verifier or c.id in checks]
        if judged:
            usable.append(
                Task(
                    prompt.domain,
                    prompt.prompt_text,
                    prompt.reference,
                    tuple(str(criterion.subcategory) for criterion, _ in judged),
                    tuple(check for _, check in judged),
                    tuple(criterion for criterion, _ in judged),
                )
            )
    if not usable:
        raise BadInput(
            "no prompt has a criterion" if verifier else "no prompt has a criterion that a program decides",
            where=str(path),
            fix="give criteria" if verifier else "give `checks` by criterion id, or let a verifier be the reward",
        )
    of_test = _by_hash(tasks)
    held = tuple(task for task in usable if of_test(task.prompt))
    train = tuple(task for task in usable if not of_test(task.prompt))
    if not held or not train:
        raise BadInput(
            f"too few prompts to train on some and test on others ({len(usable):,})",
            where=str(path),
            fix="add prompts, or change tasks.test_share",
        )
    return Split(train[: tasks.demonstrations], (), held)


def preferences(suite: str, parts: Split) -> list[dict[str, str]]:
    """A suite's pairs as prompt, chosen and rejected, in the form that tasks have; without those that are measured on:
    the prompts themselves, and pairs with a criterion of a template family that is held out.

    Raises:
        SuiteError: no such suite.
        BadInput: no pair is left.
    """
    measured = {task.prompt for task in (*parts.held, *parts.seen)}
    held = {task.family for task in parts.held}
    rows = [
        {"prompt": DIALOGUE.format(prompt=pair.prompt_text), "chosen": pair.chosen, "rejected": pair.rejected}
        for pair in find_suite(suite).scored
        if pair.prompt_text not in measured
        # A pair of the world names the families of its criteria by their ids.
        and held.isdisjoint((pair.cluster, *(criterion.id for criterion in pair.criteria)))
    ]
    if not rows:
        raise BadInput(
            "every pair is about a prompt or a family that is measured on", where=suite, fix="name another suite"
        )
    return rows


def _by_hash(tasks: Tasks) -> Callable[[str], bool]:
    def of_test(prompt: str) -> bool:
        digest = hashlib.sha256(f"{tasks.seed} {prompt}".encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32 < tasks.test_share

    return of_test

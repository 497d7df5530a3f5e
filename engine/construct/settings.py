"""What a construction is told. All of it but the last few fields is part of the construction's identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from engine.candidates.server import Patience
from engine.construct.spec import ModelSpec
from engine.construct.wording import wording_hash
from engine.jobs.keys import key_hash
from rubrics.errors import BadInput
from rubrics.prompts import RubricPrompt

__all__ = ["METHODS", "Method", "Running", "Settings", "run_id_of"]

Method = Literal["degrade", "best-of-n", "locate"]
METHODS: Final[tuple[Method, ...]] = ("degrade", "best-of-n", "locate")


@dataclass(frozen=True)
class Settings:
    """What decides the result. The same settings, prompts and answers give the same suite, in whatever order."""

    generator: ModelSpec
    verifiers: tuple[ModelSpec, ...]
    """One, or two that must agree on every criterion."""
    method: Method = "degrade"
    violations: tuple[int, ...] = (1, 2, 3)
    """Sizes of V to plan for; a prompt with fewer criteria gets what it can bear."""
    per_prompt: int = 1
    """Negatives for each positive."""
    rounds: int = 4
    """Attempts at each positive and each negative."""
    votes: int = 1
    """Verdicts of each verifier on each criterion; the majority decides, so odd."""
    samples: int = 8
    """Natural answers to each prompt, for best-of-n."""
    keep_best: bool = False
    """For best-of-n: where no answer meets every criterion, keep the best there is beside one that violates the same
    and more. The pair is about the criteria that the better one meets, and its source names the others."""
    length_window: float = 0.12
    """How far the bytes of a negative may be from those of its positive, as a share."""
    length_floor: int = 24
    """Bytes, about four words, that a negative may be off in any case: a share of a short answer is too little room for
    one that says something else."""
    unchanged: float = 0.6
    """The most of a positive's bytes that its negative may begin and end with, counted together: more is a patch."""
    draft_criteria: bool = False
    """Let the generator propose criteria for prompts that have none."""
    reference_first: bool = False
    """Take a prompt's reference, where there is one, for the first draft."""
    blind_draft: bool = False
    """Do not show the rubric with the first request for an answer; feedback names what failed all the same."""
    temperature: float = 0.8
    """Of the generator."""
    answer_tokens: int = 4096
    """The longest answer of the generator."""
    schema: bool = False
    """Ask servers to hold JSON answers to a schema (`response_format`)."""
    seed: int = 0

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            BadInput: naming the setting.
        """
        if self.method not in METHODS:
            raise BadInput(f"no method {self.method!r}", fix="methods are " + ", ".join(METHODS))
        if not self.violations or min(self.violations) < 1:
            raise BadInput(
                "begin at 1", where="sizes of V", fix="give for example 1, 2 and 3", shell="--violations 1,2,3"
            )
        if self.keep_best and self.method != "best-of-n":
            raise BadInput(
                f"the method {self.method} writes until every criterion is met, so there is no best to keep",
                fix="leave it out, or draw natural answers",
                shell="--method best-of-n --keep-best",
            )
        if self.votes % 2 == 0:
            raise BadInput(
                "an even number of votes can tie", where="votes", fix="give an odd number", shell="--votes 3"
            )
        if not 0 < self.length_window <= 1:
            raise BadInput(
                "is no share above 0 and up to 1",
                where="length window",
                fix="give for example 0.12",
                shell="--length-window 0.12",
            )
        if self.length_floor < 0:
            raise BadInput(
                "is no number of bytes", where="length floor", fix="give 0 for none", shell="--length-floor 0"
            )
        if not 1 <= len(self.verifiers) <= 2:
            raise BadInput(f"{len(self.verifiers)} of them", where="verifiers", fix="name one, or two")

    @property
    def verifier_temperature(self) -> float:
        """Votes that are all alike decide nothing, so several are sampled and one is not."""
        return 0.0 if self.votes == 1 else 0.7

    def identity(self) -> dict[str, Any]:
        """Everything that decides the result, as plain JSON values; holds no secret."""
        values = asdict(self)
        values["generator"] = str(self.generator)
        values["verifiers"] = [str(spec) for spec in self.verifiers]
        values["violations"] = list(self.violations)
        values["wording"] = wording_hash()
        if not self.keep_best:
            del values["keep_best"]  # constructions from before there was a choice go on under their ids
        return values


@dataclass(frozen=True)
class Running:
    """How it is carried out; may differ between two stretches of one construction."""

    generator_key: str | None = None
    """Environment variable that holds the generator's key."""
    verifier_keys: tuple[str | None, ...] = (None, None)
    concurrency: int = 8
    max_calls: int | None = None
    max_tokens: int | None = None
    """Read and written, of all calls of this construction together."""
    patience: Patience = field(default_factory=Patience)


def run_id_of(settings: Settings, prompts: Sequence[RubricPrompt]) -> str:
    """Sixteen hexadecimal digits over settings and prompts: the same question resumes the same construction."""
    return key_hash(settings.identity(), sorted(prompt.canonical() for prompt in prompts), digits=16)

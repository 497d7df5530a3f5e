"""What each assay asks and is told, in words: all that a menu or a command's help needs, with nothing loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["DESCRIBED", "Described", "Take"]

Take = Literal["suite", "other", "prompts", "number", "samples", "tokens", "seed"]


@dataclass(frozen=True)
class Described:
    """An assay in words."""

    name: str
    title: str
    """As a question or a heading."""
    about: str
    """What is done, and what it says, in a few sentences."""
    noun: str
    """One item, in the singular."""
    takes: tuple[Take, ...] = ()
    """Of `AssayOptions`, what it is told."""
    number: int = 0
    """Items unasked, where it takes a `number`."""
    samples: int = 0
    """Answers a prompt unasked, where it takes `samples`."""
    tokens: int = 0
    """Of an answer at most unasked, where it takes `tokens`."""
    prompts: str = ""
    """What has to be in a file of one's own, where it takes `prompts`."""


DESCRIBED: Final[dict[str, Described]] = {
    described.name: described
    for described in (
        Described(
            "base",
            "Is this base a base?",
            "How likely an assistant's replies are behind the marks of seven chat formats against the bare question, "
            "whether it knows whose mark comes next, and how likely replies are against prose: sixteen subjects, each "
            "written both ways. A model to which chats are new has no use for their marks.",
            "subject",
        ),
        Described(
            "probe",
            "Does it know what it does not say?",
            "A linear probe that tells the chosen from the rejected response by the mean hidden state over its tokens, "
            "layer by layer, fitted and judged on different clusters; the layer is chosen among those fitted on. "
            "Beside it, on the same pairs: accuracy by log-likelihood per byte, and a probe of the bag of words.",
            "pair",
            ("suite", "number", "seed"),
            number=1000,
        ),
        Described(
            "headroom",
            "How much headroom is there for reinforcement?",
            "Prompts of the procedural world, of families that no suite and no dialogue has, or your own, answered "
            "once greedily and several times by sampling, and judged by their programs: pass@k against greedy and "
            "against what was not asked, whether right answers get more probability than wrong ones, confidence, and "
            "entropy. k is half the answers drawn.",
            "prompt",
            ("prompts", "number", "samples", "tokens", "seed"),
            number=48,
            samples=16,
            tokens=64,
            prompts="prompts with checks",
        ),
        Described(
            "micro",
            "How fast does it take to a few demonstrations?",
            "Ten steps of LoRA on a few demonstrations, of the procedural world or your own: by how much the loss of "
            "others falls (of the world's, of other families), beyond what the same steps do with responses dealt out "
            "to other prompts, and how the gradients agree. Nothing of it is kept but these numbers, and what they "
            "cost.",
            "demonstration",
            ("prompts", "number", "seed"),
            number=16,
            prompts="prompts with references",
        ),
        Described(
            "seen",
            "Has it seen these pairs before?",
            "Pairs of a suite against fresh ones of the same kind, each as it stands and in other words: whoever has "
            "learned a text by heart loses more by the other words. Fresh pairs of the procedural world are made as "
            "they are needed; beside another suite name a second one that nobody can have seen.",
            "pair",
            ("suite", "other", "number", "seed"),
            number=200,
        ),
    )
}
"""By name."""

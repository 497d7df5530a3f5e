"""The choices of a run that no key of their own is worth: asked for in a form. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rubrics.errors import BadInput
from screens.run.state import RunChoices
from screens.shell.fields import YES_NO, AtField, Field, Prepared, Typed, at

__all__ = ["option_fields", "take_options"]

_MOST_DRAWS: Final = 20
_DEVICES: Final = ("auto", "cpu", "cuda", "cuda:all")


def option_fields(choices: RunChoices) -> Sequence[Field]:
    """What is asked, with what holds now."""
    shots = "" if choices.shots is None else str(choices.shots)
    devices = dict.fromkeys((*_DEVICES, choices.device))
    return (
        Field("shots", "Shots", "exemplars shown; empty: 2 for choice, none for likelihood", value=shots),
        Field("rubric", "Rubric", "shown to the candidate", choices=YES_NO, value=YES_NO[choices.show_criteria]),
        Field("wordings", "Wordings", "scored too: all, or names, or a .toml; empty: plain", value=choices.wordings),
        Field("draws", "Other shots", "so many other draws of exemplars", value=str(choices.shot_draws)),
        Field("seed", "Seed", "decides the order of scoring", value=str(choices.seed)),
        Field("alpha", "Alpha", "how often a race may decide wrongly, such as 0.05", value=f"{choices.alpha:g}"),
        Field("device", "Device", "where models are loaded", choices=tuple(devices), value=choices.device),
        Field("memory", "Memory", "that a candidate may take, such as 12GB; empty: what is free", value=choices.memory),
        Field("ray", "Ray cluster", "HOST:PORT of its head, or auto; empty: this machine", value=choices.ray),
    )


def take_options(choices: RunChoices, typed: Typed) -> Prepared:
    """Take over what was typed; blocks.

    Raises:
        AtField: something of it cannot be used; nothing is taken over.
    """
    from engine.jobs.cluster.machines import cluster_at
    from engine.layout.wordings import wordings_asked
    from engine.machine.devices import resolve_device
    from engine.machine.sizes import bytes_of

    shots, seed, alpha = typed.whole("shots"), typed.whole("seed"), typed.read("alpha", _share)
    draws = typed.whole("draws") or 0
    if draws > _MOST_DRAWS:
        raise AtField("draws", BadInput(f"{draws} is more than {_MOST_DRAWS}", fix="a few tell as much"))
    with at("wordings"):
        wordings_asked(choices.protocols, wordings := typed.text("wordings"), draws)
    with at("ray"):
        there = cluster_at(ray).devices() if (ray := typed.text("ray")) else ()
    with at("device"):
        resolve_device(typed.text("device"), there)
    if memory := typed.text("memory"):
        with at("memory"):
            bytes_of(memory)
    choices.memory = memory
    choices.shots, choices.seed, choices.alpha = shots, seed or 0, alpha
    choices.wordings, choices.shot_draws = wordings, draws
    choices.show_criteria, choices.device, choices.ray = typed.yes("rubric"), typed.text("device"), ray
    return Prepared()


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise BadInput(f"{text!r} is no number between 0 and 1", fix="such as 0.05")
    return value

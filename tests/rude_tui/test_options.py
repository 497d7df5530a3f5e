"""Choices that help texts list, which load nothing, are the engine's."""

from __future__ import annotations

import importlib

import click

from engine.construct.settings import METHODS
from engine.layout.protocols import PROTOCOLS
from engine.machine.precision import PRECISIONS
from rude_tui import options


def _choices(command: str, option: str) -> tuple[str, ...]:
    module = importlib.import_module(f"rude_tui.commands.{command}")
    (given,) = (parameter for parameter in getattr(module, command).params if parameter.name == option)
    assert isinstance(given.type, click.Choice)
    return tuple(given.type.choices)


def test_names_are_those_of_the_engine() -> None:
    assert options.PROTOCOLS == PROTOCOLS
    assert options.PRECISIONS == PRECISIONS
    assert _choices("construct", "method") == METHODS


def test_every_command_offers_them_all() -> None:
    for command in ("run", "layout", "fidelity"):
        assert _choices(command, "protocol") == (*PROTOCOLS, "both")
    assert _choices("run", "precision") == ("auto", *PRECISIONS)
    assert _choices("fidelity", "precision") == _choices("fidelity", "reference") == PRECISIONS
    assert _choices("rank", "protocol") == PROTOCOLS

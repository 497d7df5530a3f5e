"""Is this base a base: bits against a plain loop over the model's own forward, and what is read off them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from assaying import bits, do_assay, items_of, of_first

from engine.predictors.assays.assay import AssayOptions
from engine.predictors.assays.base import BASE, FORMATS, crossed, lean, lift, nonsense, turn_taking
from engine.store.assays import AssayItem
from engine.store.connection import Store


def test_what_is_measured_equals_a_plain_loop(store: Store, small_model: Path) -> None:
    (state,) = do_assay(store, of_first(BASE, 1), small_model)
    (item,) = items_of(store, state)
    subject = BASE.material(AssayOptions()).items[0].payload
    ask, reply, plain = (subject[name] for name in ("ask", "reply", "plain"))
    turn = f"Request:\n|{ask}|\n\n"
    told = {
        "plain": bits(small_model, "", plain),
        "reply": bits(small_model, f"{ask}|\n\n", reply),
        "reply request": bits(small_model, f"{turn}|Response:\n", reply),
        "formats request: user after user": bits(small_model, turn, "Request:\n"),
        "formats request: assistant after assistant": bits(
            small_model, f"{turn}|Response:\n|{reply}|\n\n", "Response:\n"
        ),
        "controls request: assistant after user": bits(small_model, f"Lobster:\n|{ask}|\n\n", "Barnacle:\n"),
    }
    assert {name: item.measures[name] for name in told} == pytest.approx(told, abs=1e-3)
    assert item.measures["reply bytes"] == len(reply.encode())
    (again,) = do_assay(store, of_first(BASE, 1), small_model)
    assert str(again.phase) == "up to date"


def made(position: int, **measures: float) -> AssayItem:
    """An item in which nothing but what is told differs between formats."""
    told: dict[str, float] = {"plain": 30.0, "plain bytes": 10.0, "reply": 20.0, "reply bytes": 10.0}
    for name in FORMATS:
        told[f"reply {name}"] = 20.0
        for kind in ("formats", "controls"):
            for turn in ("user", "assistant"):
                told |= {f"{kind} {name}: {who} after {turn}": 5.0 for who in ("user", "assistant")}
    return AssayItem(position, f"i{position}", f"i{position}", told | measures)


def test_what_follows_is_what_a_hand_worked_case_gives() -> None:
    gemma: Mapping[str, float] = {
        "reply Gemma": 15.0, "formats Gemma: user after user": 9.0, "formats Gemma: assistant after user": 2.0,
        "formats Gemma: user after assistant": 1.0, "formats Gemma: assistant after assistant": 4.0,
        "controls Gemma: user after user": 6.0,
    }  # fmt: skip
    items = [made(0, **gemma), made(1), made(2, **gemma)]
    # 20 − 15 bits over 10 bytes; (9 − 2) − (1 − 4) − ((6 − 5) − (5 − 5)).
    assert lift(items, "Gemma") == pytest.approx([0.5, 0.0, 0.5])
    assert turn_taking(items, "Gemma") == pytest.approx([9.0, 0.0, 9.0])
    assert lean(items) == pytest.approx([1.0, 1.0, 1.0])


def test_the_best_format_is_chosen_on_the_other_subjects() -> None:
    # Each subject has another format in which it alone is likelier: what is best is then never best elsewhere.
    names = list(FORMATS)[:4]
    items = [made(i, **{f"reply {name}": 10.0}) for i, name in enumerate(names)]
    assert crossed(items, lift) == pytest.approx([0.0] * 4)
    everywhere = [made(i, **{"reply Gemma": 10.0}) for i in range(4)]
    assert crossed(everywhere, lift) == pytest.approx([1.0] * 4)
    # Plain loop over what is left out.
    rng = np.random.default_rng(0)
    drawn = [made(i, **{f"reply {name}": float(rng.normal(20, 3)) for name in FORMATS}) for i in range(5)]
    for i, value in enumerate(crossed(drawn, lift)):
        others = [item for j, item in enumerate(drawn) if j != i]
        best = max(FORMATS, key=lambda name: float(np.mean(lift(others, name))))
        assert value == pytest.approx(lift([drawn[i]], best)[0])


def test_it_is_said_what_the_numbers_come_to() -> None:
    chat = [
        made(
            i, **{"reply ChatML": 12.0 + i / 10, "formats ChatML: assistant after user": 1.0 + i / 10}
        ) for i in range(5)
    ]  # fmt: skip
    assert "whose turn it is it tells best by marks of ChatML" in BASE.read(chat)
    assert "behind the marks of ChatML than behind the bare question: it may have been post-trained" in BASE.read(chat)
    base = [made(i, **{"reply ChatML": 22.0 + i / 10}) for i in range(5)]
    assert BASE.read(base).endswith("not surely likelier, as with a base")
    assert "is not shown to know whose turn" in BASE.read(base)


def test_words_that_say_nothing_stand_for_those_that_say_whose_turn_it_is() -> None:
    for marks in FORMATS.values():
        assert nonsense(marks["user"]) != marks["user"]
        assert [len(word) for word in nonsense(marks["assistant"])] == [len(word) for word in marks["assistant"]]
        assert nonsense(marks["assistant"]) != marks["assistant"]
        assert nonsense(marks["user"]) != nonsense(marks["assistant"])

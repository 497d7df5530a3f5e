"""Texts of an assay through whatever scores for a candidate: replies, marks and prose, or pairs in other words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from engine.jobs.child import Events, Gate
from engine.scoring.assays.items import WorkItem, items_of, metered
from engine.scoring.assays.parts import Parts, bits_of, lay_parts, unscorable
from engine.scoring.work import open_backend, unanswered

__all__ = ["dialogue_texts", "measure_base", "measure_seen", "pair_texts"]

_Measures = Callable[[WorkItem, Mapping[str, float]], Mapping[str, float]]


def measure_base(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """Measure what a message asks for: the event `items`, subject by subject.

    Args:
        message: as `engine.predictors.assays.job` writes it, with `formats` and `controls` among its settings.
    """

    def measures(item: WorkItem, bits: Mapping[str, float]) -> Mapping[str, float]:
        return {**bits, **{f"{name} bytes": _bytes(item.payload[name]) for name in ("reply", "plain")}}

    _measure(message, events, gate, lambda item: dialogue_texts(item, message["settings"]), measures)


def measure_seen(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """Measure what a message asks for: the event `items`, pair by pair.

    Args:
        message: as `engine.predictors.assays.job` writes it.
    """

    def measures(item: WorkItem, bits: Mapping[str, float]) -> Mapping[str, float]:
        texts = item.payload
        chosen, rejected = (bits[name] / _bytes(texts[name]) for name in ("chosen", "rejected"))
        return {
            "shipped": float(texts["shipped"]), "right": 0.5 if chosen == rejected else float(chosen < rejected),
            "bits": bits["prompt"] + bits["chosen"], "bytes": _bytes(texts["prompt"] + texts["chosen"]),
            "other bits": bits["other prompt"] + bits["other chosen"],
            "other bytes": _bytes(texts["other prompt"] + texts["other chosen"]),
        }  # fmt: skip

    _measure(message, events, gate, pair_texts, measures)


def _measure(
    message: Mapping[str, Any],
    events: Events,
    gate: Gate,
    texts_of: Callable[[WorkItem], list[Parts]],
    measures: _Measures,
) -> None:
    events.send("phase", phase="tokenising")
    from engine.scoring.tokenizer import open_tokenizer

    encoder = open_tokenizer(Path(message["model"]), trust_remote_code=message["trust_remote_code"])
    items, left_out = items_of(message), []
    backend = open_backend(message, events)
    events.send("phase", phase="scoring")
    with metered(message, events, torch.device("cuda" if torch.cuda.is_available() else "cpu")) as meter:
        for item in items:
            texts = [lay_parts(encoder, parts) for parts in texts_of(item)]
            if why := unscorable(texts, message):
                left_out.append(f"{item.name}: {why}")
                continue
            bits = bits_of(backend, texts)
            # What a server did not answer waits for another time, and the whole item with it.
            if all(name in bits for _, spans in texts for name in spans):
                events.send("items", rows=[item.row(measures(item, bits))])
            gate.wait("scoring")
        meter.add(tokens=backend.stats.distinct_tokens)
    events.send("notes", notes=[*backend.stats.notes, *left_out])
    if (failure := unanswered(backend, "text")) is not None:
        raise failure


def dialogue_texts(item: WorkItem, settings: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]) -> list[Parts]:
    """Every text of a subject, in pieces."""
    ask, reply, plain = (item.payload[name] for name in ("ask", "reply", "plain"))
    texts: list[Parts] = [[("plain", [plain])], [("", [ask, "\n\n"]), ("reply", [reply])]]
    for kind in ("formats", "controls"):
        for name, marks in settings[kind].items():
            asked = [*marks["user"], ask, *marks["end"]]
            answered = [*asked, *marks["assistant"], reply, *marks["end"]]
            for turn, before in (("user", asked), ("assistant", answered)):
                for who in ("user", "assistant"):
                    texts.append([("", before), (f"{kind} {name}: {who} after {turn}", marks[who])])
            if kind == "formats":
                texts.append([("", [*asked, *marks["assistant"]]), (f"reply {name}", [reply])])
    return texts


def pair_texts(item: WorkItem) -> list[Parts]:
    """Both responses of a pair behind its prompt, and the chosen one with its prompt in other words."""
    texts = item.payload
    return [
        [("prompt", [texts["prompt"]]), ("chosen", [texts["chosen"]])],
        [("", [texts["prompt"]]), ("rejected", [texts["rejected"]])],
        [("other prompt", [texts["other prompt"]]), ("other chosen", [texts["other chosen"]])],
    ]


def _bytes(text: str) -> float:
    return float(len(text.encode()))

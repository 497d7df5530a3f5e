"""A construction in a database, written through the engine's own functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.construct.settings import Settings
from engine.construct.spec import parse_spec
from engine.construct.violations import plan_pairs
from engine.store.connection import Store
from engine.store.construct import CallRow, ConstructRow, ExampleRow, close_construct, exchange, open_construct
from engine.store.runs import Status
from rubrics.prompts import RubricPrompt
from rubrics.taxonomy import Subcategory

__all__ = ["construct_rows", "fill_construction"]


def construct_rows(run_id: str, *, prompts: int = 8, nasty: str = "") -> tuple[Any, list[Any], list[Any]]:
    """A construction as the store keeps it: every third positive, and of the rest every fourth negative, rejected."""
    rubrics = [
        RubricPrompt.model_validate(
            {
                "id": f"bed-{n:02d}", "domain": "garden", "prompt": f"Plan bed {n} in three steps. {nasty}".strip(),
                "criteria": [
                    {"id": f"c{k}", "text": f"Keeps rule {k} of bed {n}. {nasty}".strip(),
                     "subcategory": str(list(Subcategory)[(n + k * 5) % 12])}
                    for k in range(3)
                ],
            }
        )
        for n in range(prompts)
    ]  # fmt: skip
    settings = Settings(
        parse_spec("http://127.0.0.1:1/v1#maple-70b"), (parse_spec("http://127.0.0.1:1/v1#owl-30b"),), violations=(1, 2)
    )
    generator, verifier = str(settings.generator), str(settings.verifiers[0])
    row = ConstructRow(
        run_id, "beds", "degrade", generator, verifier, settings.identity(),
        "\n".join(prompt.canonical() for prompt in rubrics), 0, Status.STARTED, "", {}, "", "",
    )  # fmt: skip
    plan = {pair.prompt_id: pair for pair in plan_pairs(rubrics, settings.violations, 1, settings.seed)}
    calls, found = [], []
    for n, prompt in enumerate(rubrics):
        for kind in ("positive", "negative"):
            if kind == "negative" and n % 3 == 2:
                continue
            pair = plan[prompt.id]
            name = pair.id if kind == "negative" else f"{prompt.id}-0"
            violated = pair.violated if kind == "negative" else ()
            fails = (kind == "positive" and n % 3 == 2) or (kind == "negative" and n % 4 == 3)
            response = (
                f"Bed {n}: dig, sow and water, {('well' if kind == 'positive' else 'late')}, three times. {nasty}"
            )
            wrong = prompt.criteria[0].id if fails else ""
            judgements = [
                {"criterion": c.id, "met": (c.id not in violated) != (c.id == wrong), "quote": response[:24],
                 "reason": f"It says so, and rule {c.id} asks for it. {nasty}".strip(), "quoted": True,
                 "votes": [[True]]}
                for c in prompt.criteria
            ]  # fmt: skip
            keys = []
            for purpose, model, asked, answer in (
                ("draft" if kind == "positive" else "degrade", generator, prompt.prompt_text, response),
                ("judge", verifier, response, json.dumps({"met": True})),
            ):
                key = f"{run_id}-{name}-{purpose}"
                request = json.dumps(
                    {
                        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": asked}],
                        "temperature": 0.8,
                        "vote": 0,
                    }
                )
                calls.append(CallRow(key, run_id, name, purpose, model, request, answer, "stop", 120, 40, 1, 0.5))
                keys.append(key)
            found.append(
                ExampleRow(
                    run_id, name, n * 2 + (kind == "negative"), prompt.id, kind, "rejected" if fails else "accepted",
                    ("criteria not met" if kind == "positive" else "others violated too") if fails else "", response,
                    prompt.canonical(), violated, 1 + n % 3, json.dumps(judgements), tuple(keys),
                )
            )  # fmt: skip
    return row, calls, found


def fill_construction(
    path: Path, run_id: str = "0123456789abcdef", *, end: Status | None = Status.DONE, **shape: Any
) -> None:
    """Write one; without an end it is this process that still works on it."""
    store = Store(path)
    row, calls, found = construct_rows(run_id, **shape)
    assert open_construct(store, row) is None
    exchange(store, calls, found, ())
    if end is not None:
        close_construct(store, run_id, end)

"""A small real database, and ways to drive and picture the app."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot
from waiting import PATIENCE

from engine.candidates.shape import Shape
from engine.layout.requests import TokenScores
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import PackedTokens, Verdict, add_verdicts
from rubrics.schema import Pair, Suite
from rubrics.taxonomy import SUBCATEGORIES, Subcategory
from screens.shell.dialogs import Confirm

CANDIDATES = (
    ("oak-7m", 7_000_000, 1.4),
    ("birch-3m", 3_100_000, 0.8),
    ("alder-1m", 1_000_000, 0.25),
    ("moss-200k", 200_000, -0.2),
)


def make_suite(name: str = "garden", groups: int = 10) -> Suite:
    """Four pairs for each of ten prompts, over all twelve subcategories, some violating two criteria."""
    subcategories = list(Subcategory)
    pairs = []
    for group in range(groups):
        for variant in range(4):
            number = group * 4 + variant
            criteria = [
                {"id": f"c-{sub.lower()}", "text": f"Keeps to what {sub.lower()} asks for.", "subcategory": str(sub)}
                for sub in (subcategories[(number + k * 5) % 12] for k in range(3))
            ]
            violated = [criteria[0]["id"]] + ([criteria[1]["id"]] if number % 5 == 0 else [])
            pairs.append(
                Pair.model_validate(
                    {
                        "id": f"garden-{number:03d}",
                        "domain": ("garden", "kitchen")[group % 2],
                        "prompt": f"Plan week {group + 1} in the kitchen garden, in three short steps, for a beginner.",
                        "chosen": "First water the beds. Then sow two rows of peas. Last, cover them with net "
                        f"number {variant + 1} against the birds.",
                        "rejected": "First sow two rows of peas. Then water the path, and perhaps call a friend. "
                        f"Last, cover them with net number {variant + 1} against birds.",
                        "criteria": criteria,
                        "violated": violated,
                        "group": f"week-{group}",
                    }
                )
            )
    assert len(SUBCATEGORIES) == 12
    return Suite(name, tuple(pairs), "A small suite about gardens.")


@pytest.fixture
def garden_suite() -> Suite:
    """The suite of `garden`."""
    return make_suite()


def fill(
    store: Store,
    suite: Suite,
    *,
    candidates: tuple[Any, ...] = CANDIDATES,
    missing: int = 0,
    wording: str = "",
    drawn_by: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Score a suite with made-up verdicts of known strength: the same numbers each time.

    Args:
        drawn_by: for a candidate or a wording, what the numbers are drawn by in place of its name.
    """
    add_suite(store, suite)
    for name, parameters, strength in candidates:
        weights = f"{name}-weights"
        save_candidate(
            store,
            SimpleNamespace(
                name=name, place=f"/models/{name}", architecture="LlamaForCausalLM", model_type="llama",
                parameters=parameters, weight_bytes=parameters * 4, dtype="fp32", context=512, tokenizer="BPE",
                revision=None, path=Path(f"/models/{name}"), shape=Shape(), served=None,
            ),
            weights,
        )  # fmt: skip
        for protocol in ("likelihood", "choice"):
            chance = random.Random(f"{drawn_by.get(name, name)}{protocol}{drawn_by.get(wording, wording)}")
            of = "" if suite.name == "garden" else f"-{suite.name}"
            run_id = f"{name}-{protocol}-run{wording}{of}"
            key = {
                "weights_hash": weights, "tokenizer_hash": "t", "candidate": name, "suite": suite.name,
                "suite_hash": suite.hash, "protocol": protocol, "precision": "fp32", "device": "cpu",
                "attention": "sdpa", "template_hash": f"template-{protocol}{wording}", "shots": None,
                "show_criteria": False, "prompt": "own",
                "seed": 0, "versions": {}, **({"wording": {"label": wording}} if wording else {}),
            }  # fmt: skip
            pairs = suite.scored[: len(suite.scored) - missing]
            open_run(store, run_id, key, n_wanted=len(suite.scored))
            verdicts = []
            for pair in pairs:
                lean = chance.gauss(strength * (1.5 if "c-format" in pair.violated else 1), 1.0)
                if protocol == "choice":
                    shift = chance.gauss(0.4, 0.2)
                    verdicts.append(
                        Verdict(pair.id, lean + shift, lean - shift, single_chosen_first=len(verdicts) % 2 == 0)
                    )
                else:
                    a, b = len(pair.chosen.encode()), len(pair.rejected.encode())
                    verdicts.append(
                        Verdict(
                            pair.id, ll_chosen=-1.1 * a + lean * a * 0.05, ll_rejected=-1.1 * b, tokens_chosen=a // 4,
                            tokens_rejected=b // 4, bytes_chosen=a, bytes_rejected=b,
                        )
                    )  # fmt: skip
            add_verdicts(store, run_id, verdicts)
            close_run(store, run_id, Status.DONE, facts={"seconds": 12.5})


@pytest.fixture(autouse=True)
def _quick_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests answer a question as soon as it is asked."""
    monkeypatch.setattr(Confirm, "READ", 0.0)


@pytest.fixture(autouse=True)
def _nothing_read_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the app reads ahead would cost every test seconds that none of them waits for."""
    monkeypatch.setattr("rude_tui.app.load_answers", lambda *_: None)


@pytest.fixture(scope="session")
def garden_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one suite, four candidates, both protocols, filled once."""
    path = tmp_path_factory.mktemp("garden") / "rude.duckdb"
    fill(Store(path), make_suite())
    return path


@pytest.fixture
def garden(garden_file: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    path = tmp_path / "rude.duckdb"
    path.write_bytes(garden_file.read_bytes())
    return path


def _reading(app: Any) -> bool:
    loader = getattr(app.screen, "loader", None)
    return loader is not None and loader.busy


async def _settled(pilot: Pilot[Any]) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    quiet = 0
    # Twice quiet in a row: an answer may itself ask for more.
    while quiet < 2:
        while _reading(pilot.app):
            assert asyncio.get_running_loop().time() < deadline, "the screen is still reading"
            await asyncio.sleep(0.005)
        await pilot.pause()
        quiet = 0 if _reading(pilot.app) else quiet + 1


@pytest.fixture
def settle() -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Wait until the screen has read what it wanted and drawn it."""
    return _settled


@pytest.fixture
def make_app() -> Callable[..., Any]:
    """An app over a database."""
    from rude_tui.app import RudeApp
    from rude_tui.settings import Settings
    from screens.shell.session import Session

    def make(
        path: Path, *, start: str = "rankings", theme: str = "", folders: tuple[str, ...] = (), served: Any = ()
    ) -> Any:
        session = Session(store_path=path, folders=list(folders), served=list(served))
        app = RudeApp(session, Settings(theme=theme), start_screen=start)
        app.animation_level = "none"
        return app

    return make


def _text(app: Any) -> str:
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    lines = ["".join(segment.text for segment in strip).rstrip() for strip in strips]
    # A dialog that has just opened is not laid out yet, and shows nothing.
    assert len(lines) in (0, height), (len(lines), height, width)
    return "\n".join(lines) + "\n"


@pytest.fixture
def screen_text() -> Callable[[Any], str]:
    """What is on the screen, as text."""
    return _text


@pytest.fixture(name="fill")
def _fill() -> Callable[..., None]:
    """`fill`, for tests with a suite of their own."""
    return fill


def _tokens(text: str) -> list[str]:
    return re.findall(r"\s*\w{1,4}|\s*[^\w\s]|\s+", text)


def _keep_tokens(path: Path, candidate: str) -> dict[str, tuple[float, float]]:
    """Store made-up token scores of every pair; gives back both sums by pair."""
    store = Store(path)
    with store.reading() as connection:
        pairs = connection.execute("select pair_id, chosen, rejected from pairs").fetchall()
        (run_id,) = connection.execute(
            "select run_id from runs where starts_with(run_id, ?)", [f"{candidate}-likelihood-run"]
        ).fetchone()
    draw = random.Random(candidate)
    packed, sums = [], {}
    for pair_id, chosen, rejected in pairs:
        totals = []
        for view, text in (("chosen", chosen), ("rejected", rejected)):
            words = _tokens(text)
            logprob = np.array([-draw.expovariate(0.6) for _ in words], np.float32)
            scores = TokenScores(
                logprob, np.arange(1, len(words) + 1, dtype=np.int32) * 700, np.full_like(logprob, 2.5),
                np.zeros_like(logprob),
            )  # fmt: skip
            packed.append(PackedTokens(pair_id, view, scores.to_bytes(), [len(word.encode()) for word in words]))
            totals.append(float(logprob.sum(dtype=np.float64)))
        sums[pair_id] = (totals[0], totals[1])
    add_verdicts(store, run_id, [Verdict(pair[0]) for pair in pairs], packed)
    return sums


@pytest.fixture
def keep_tokens() -> Callable[[Path, str], dict[str, tuple[float, float]]]:
    """`_keep_tokens`: token scores for one candidate's likelihood run."""
    return _keep_tokens

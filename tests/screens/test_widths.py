"""Long and wide names on every screen: nothing is shifted, nothing is cut that had room, and all can be read."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from constructions import fill_construction
from names import doubled, long_names, masked, named_suite
from screen_walk import WALK, all_places, cut_though_roomy, unreadable, walk

from data.bundled import bundled_models
from engine.jobs.progress import Phase, RunState
from engine.outcomes.outcomes import Outcome
from engine.store.connection import Store
from engine.store.construct_review import BlindReading, add_readings
from engine.store.outcomes import add_outcomes
from screens.shell.form import Form
from screens.shell.live import Live
from screens.tasks.catalogue import TASKS

SIZES = [(80, 24), (120, 36), (200, 50)]
LOOKS = dict(zip(SIZES, ("rude-light", "rude-contrast", "rude-dark"), strict=True))
MANY, ONE = (40, 30), (1, 1)
"""Candidates and domains."""
_CHANGING = re.compile(
    r"[0-9.]+ [GM]B|/names\d+/|seed 0 · .*|/\w*\.duckdb|[0-9a-f]{12}|in [0-9.]+ s|\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?"
)
"""Memory, folders, hashes and times."""
ENDLESS = {"SQL, answered"}
"""As wide as the answer asks for, beyond the edge."""
SPELT = {"families to choose", "families"}
"""A family is told by the letters of a name, so that it is another one here."""
NASTY = "千字文模型 👩‍🚀❤️"


def _database(place: Path, fill: Any, keep_tokens: Any, candidates: int, domains: int, *, double: bool) -> None:
    """A database and a folder of models, all of them with long and wide names, or with their doubles."""
    store = Store(place / "rude.duckdb")
    names = long_names(candidates, double=double)
    suite = named_suite(domains, double=double)
    models = tuple((name, 10**6 * (n + 1), 1.4 - n * 0.05) for n, name in enumerate(names))
    outcomes = ["criteria met after RL, held-out families of prompts", "千字文模型"]
    if double:
        outcomes = [doubled(outcome) for outcome in outcomes]
    drawn_by = {name: str(n) for n, name in enumerate([*names, outcomes[1]])}
    for wording in ("", outcomes[1]):
        fill(store, suite, candidates=models, wording=wording, drawn_by=drawn_by)
    keep_tokens(store.path, names[-1])
    add_outcomes(
        store,
        [
            Outcome(name, outcome, 0.1 + 0.02 * n * (k + 1), 0.01, "measured here")
            for n, name in enumerate(names)
            for k, outcome in enumerate(outcomes)
        ],
    )
    with store.writing() as connection:
        connection.execute("update runs set updated_at = timestamptz '2026-01-02 08:30:00+00'")
    fill_construction(store.path, nasty=doubled(NASTY) if double else NASTY)
    add_readings(store, "0123456789abcdef", [BlindReading("bed-00-1", "c2", "me", met=False, corrects=True)])
    for name in names[:8]:
        (place / "models" / name).mkdir(parents=True)
        for file in bundled_models()[0].iterdir():
            (place / "models" / name / file.name).symlink_to(file)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, int, bool], Path]:
    """Databases that were made already: the large one takes as long as all the looks at it."""
    return {}


@pytest.fixture
def named(
    kept, tmp_path_factory, tmp_path: Path, fill, keep_tokens, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Path, Path]]:
    """A copy of the database of so many candidates and domains, and the folder of models."""

    def make(candidates: int, domains: int, *, double: bool) -> tuple[Path, Path]:
        key = candidates, domains, double
        if key not in kept:
            place = kept[key] = tmp_path_factory.mktemp("names")
            _database(place, fill, keep_tokens, candidates, domains, double=double)
        # Of one name: a path that is wrapped says nothing of what is looked for.
        copy = tmp_path / "names.duckdb"
        shutil.copy(kept[key] / "rude.duckdb", copy)
        return copy, kept[key] / "models"

    monkeypatch.setattr("rubrics.reading.built_in_names", list)
    return make


def _live(names: list[str], suite: str) -> Live:
    """Every candidate being scored, or waiting for it."""

    def state(number: int, name: str) -> RunState:
        return RunState(
            key=name, run_id=name, candidate=name, suite=suite, protocol="likelihood", precision="fp32",
            phase=Phase.SCORING if number < 3 else Phase.QUEUED, total=480, done=300, judged=300, right=190.0,
            pairs_per_second=41.5, tokens_per_second=35_000.0, eta_seconds=4.3, memory_bytes=478_000_000, seconds=7.2,
        )  # fmt: skip

    log = tuple(f"12:00:{number:02}  {name} · {suite} · likelihood: scoring" for number, name in enumerate(names))
    return Live(tuple(state(number, name) for number, name in enumerate(names)), True, log)


async def _seen(
    app: Any, settle: Any, screen_text: Any, size: tuple[int, int], candidates: list[str]
) -> tuple[dict[str, str], dict[str, list[str]], set[type]]:
    """What each screen shows, what is cut on it though it had room or cannot be read, and which screens they are."""
    shown: dict[str, str] = {}
    cut: dict[str, list[str]] = {}
    places: set[type] = set()
    suite = named_suite(1, double="α" in "".join(candidates)).name
    app.session.marked_suites.append(suite)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        async for name in walk(pilot, settle, WALK):
            if name == "run, live":
                app.live = _live(candidates, suite)
                app.live_signal.publish(app.live)
                await settle(pilot)
            text = screen_text(app)
            # What is another each time, and an id that is cut to so many letters.
            shown[name] = _CHANGING.sub("…", text)
            places.add(type(app.screen))
            if name == "run, live":
                app.live = Live()
                app.live_signal.publish(app.live)
            if name not in ENDLESS and (lines := [*cut_though_roomy(app, text), *sorted(unreadable(app))]):
                cut[name] = lines
    return shown, cut, places


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("many", [MANY, ONE], ids=["many", "one"])
async def test_nothing_is_cut_that_has_room(named, make_app, settle, screen_text, size, many) -> None:
    database, models = named(*many, double=False)
    app = make_app(database, folders=(str(models),), theme=LOOKS[size])
    _, cut, places = await _seen(app, settle, screen_text, size, long_names(many[0], double=False))
    assert not cut, "\n".join(["", *(f"{name}: {line}" for name, lines in cut.items() for line in lines)])
    if many == MANY:
        assert all_places() <= places


def _shifted(line: str, other: str) -> bool:
    """Whether two lines differ in more than how their names are spelt."""
    one, two = masked(line), masked(other)
    # A wide character that would be cut in half leaves a cell: to the mark of what is cut, or beside a dialog.
    near = {at + k for side in (one, two) for at, cell in enumerate(side) if cell == "…" for k in (-2, -1, 0, 1)}
    near |= {at + k for at, cell in enumerate(one) if cell in "│╭╮╰╯" for k in (-1, 1)}
    apart = [at for at, (a, b) in enumerate(zip_longest(one.rstrip(), two.rstrip())) if a != b]
    return any(at not in near for at in apart)


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_wide_names_shift_nothing(named, make_app, settle, screen_text, size) -> None:
    looks = []
    for double in (False, True):
        database, models = named(8, 5, double=double)
        app = make_app(database, folders=(str(models),))
        shown, _, _ = await _seen(app, settle, screen_text, size, long_names(8, double=double))
        looks.append({name: text.splitlines() for name, text in shown.items()})
    shifted = [
        (name, line, other)
        for name, lines in looks[0].items()
        if name not in SPELT
        for line, other in zip(lines, looks[1][name], strict=True)
        if _shifted(line, other)
    ]
    assert not shifted, "\n".join(["", *("\n  ".join(one) for one in shifted)])


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_form_has_room_for_what_it_says(named, make_app, settle, screen_text, size) -> None:
    database, models = named(*ONE, double=False)
    app = make_app(database, folders=(str(models),), theme=LOOKS[size])
    wrong = []
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for name in TASKS:
            app.action_do(name)
            await settle(pilot)
            assert isinstance(app.screen, Form)
            found = [*cut_though_roomy(app, screen_text(app)), *sorted(unreadable(app))]
            wrong += [f"{name}: {line}" for line in found]
            await pilot.press("escape")
            await settle(pilot)
    assert not wrong, "\n".join(["", *wrong])

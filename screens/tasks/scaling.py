"""Checkpoints over tokens, and small runs that stand for large ones. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rubrics.counted import count
from rubrics.errors import BadInput
from screens.shell.fields import YES_NO, Field, Prepared, Typed, at
from screens.shell.formats import percent
from screens.shell.paths import several
from screens.tasks.task import Task
from screens.tasks.words import columns, number, within

if TYPE_CHECKING:
    from pathlib import Path

    from engine.correlation.curves import Curve
    from screens.shell.session import Session

__all__ = ["CHECKPOINTS", "PROXIES"]


def _checkpoint_fields(session: Session) -> Sequence[Field]:
    from engine.results.pair_index import GROUPINGS

    return (
        Field("file", "File", "a .csv with the columns candidate, run, tokens", "path", endings=(".csv", ".tsv")),
        Field("by", "By", choices=("overall", *(name for name in GROUPINGS if name != "overall"))),
        Field("at", "Foretell at", "tokens such as 2T; several with ; · empty: twice the last"),
    )


def _checkpoints(session: Session, typed: Typed) -> Prepared:
    from engine.correlation.curves import training_curves
    from engine.correlation.scaling import read_checkpoints, tokens_of
    from engine.results.board import load_board

    path = typed.path("file")
    with at("at"):
        try:
            horizons = [tokens_of(text) for text in several(typed.text("at"))]
        except ValueError as error:
            raise BadInput(str(error), fix="such as 5e9 or 2T") from None
    with at("file"):
        listed = read_checkpoints(path)
        question = session.question(by=typed.text("by"))
        board = load_board(session.store, question)
        curves = training_curves(board, question, listed, at=horizons)
    head = f"{board.suite} · {board.protocol}, {board.metric}"
    return Prepared(said="\n\n".join([head, *(_curve(curve) for curve in curves)]))


def _curve(curve: Curve) -> str:
    rows = [
        [f"{point.tokens:.4g}", point.candidate, percent(point.value), within(point.ci_low, point.ci_high),
         percent(point.fitted)]
        for point in curve.points
    ]  # fmt: skip
    rows += [
        [f"{foretold.tokens:.4g}", "foretold", "", within(foretold.ci_low, foretold.ci_high), percent(foretold.value)]
        for foretold in curve.forecasts
    ]
    notes = [*dict.fromkeys(foretold.warning for foretold in curve.forecasts if foretold.warning), *curve.notes]
    lines = [f"{curve.run}, {curve.scope}", columns(["tokens", "checkpoint", "accuracy %", "95 %", "curve %"], rows)]
    if curve.law is not None:
        lines.append(f"a − b·t^−c by {curve.method}; without end {percent(curve.ceiling.value)} %, c {curve.law.c:.3g}")
    return "\n".join([*lines, *(f"! {note}" for note in notes)])


CHECKPOINTS = Task(
    "checkpoints",
    "Follow a training run (scaling)",
    "Accuracy over the tokens of a run whose checkpoints have been scored, and where its curve leads.",
    _checkpoint_fields,
    _checkpoints,
)


def _proxy_fields(session: Session) -> Sequence[Field]:
    return (
        Field("file", "File", "a .csv with the columns name, proxy, target", "path", endings=(".csv", ".tsv")),
        Field("lower", "Lower is better", "of the proxy, as for a loss", choices=YES_NO),
        Field("fit", "Fit", "a .json file to keep the best form in; may stay empty", "path", endings=(".json",)),
        Field("apply", "Apply", "a .json file with a form fitted before: what it expects here", "path",
              endings=(".json",)),
    )  # fmt: skip


def _proxies(session: Session, typed: Typed) -> Prepared:
    from engine.correlation.proxies import judge_proxies
    from engine.correlation.scaling import read_proxies

    path = typed.path("file")
    if typed.text("apply"):
        return _applied(path, typed)
    with at("file"):
        view = judge_proxies(read_proxies(path), lower_is_better=typed.yes("lower"))
    kept = []
    if typed.text("fit"):
        from engine.correlation.fit_file import save_fit
        from engine.correlation.form_transfer import form_to_keep

        with at("fit"):
            file = typed.path("fit")
            if file.exists():
                raise BadInput("is there already", where=str(file), fix="name another file")
            form = form_to_keep(view)
            save_fit(form, file)
        kept = [f"{form.words()} → {file}"]
    rows = [[form.name, form.formula, number(form.r2), number(form.cv_r2), number(form.cv_mae)] for form in view.forms]
    decision = view.decision
    spread = "" if math.isnan(decision.ci_low) else f" ({within(decision.ci_low, decision.ci_high)})"
    lines = [
        columns(["form", "", "R²", "R², left out", "error, left out"], rows),
        "",
        f"{count(len(view.rows), 'point')} · decisions right {percent(decision.accuracy)} %{spread} of "
        f"{count(decision.pairs, 'pair')}; "
        "chance 50",
        *(f"! {note}" for note in [decision.note, *view.notes] if note),
        *kept,
    ]
    return Prepared(said="\n".join(lines))


def _applied(path: Path, typed: Typed) -> Prepared:
    from engine.correlation.fit_file import read_form
    from engine.correlation.form_transfer import apply_form
    from engine.correlation.scaling import read_proxies

    with at("apply"):
        form = read_form(typed.path("apply"))
    with at("file"):
        applied = apply_form(form, read_proxies(path, lacking=True))
    rows = [
        [row.name, number(row.proxy), number(row.expected), number(row.target), "beyond" if row.beyond else ""]
        for row in applied.rows
    ]
    lines = [
        columns(["name", "proxy", "expected", "target", ""], rows), "", form.words(), *applied.words(),
        *(f"! {note}" for note in applied.notes),
    ]  # fmt: skip
    return Prepared(said="\n".join(lines))


PROXIES = Task(
    "proxies",
    "Judge small runs by large ones (scaling)",
    "Does a small run's number foretell what the large run, or the corpus, came to?",
    _proxy_fields,
    _proxies,
)

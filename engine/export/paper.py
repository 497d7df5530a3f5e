"""A table as text for a paper or a page: Markdown, or LaTeX with booktabs; numbers stand with their intervals."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from engine.export.tables import Table
from engine.stats.p_value import p_text

__all__ = ["latex", "markdown"]

_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")
"""What ends a line, or turns or hides text."""
_SHARES: Final = frozenset({"value", "lead", "chance", "p_best"})
_PROBABILITIES: Final = frozenset({"p_value", "p_adjusted", "p_holm", "q_value"})
_ENDS: Final = ("ci_low", "ci_high")
_WORDS: Final = {"p_value": "p", "p_adjusted": "p (adjusted)", "n_pairs": "pairs", "n_clusters": "clusters"}
_LATEX: Final = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "–": "--",
    "−": "$-$", "ρ": r"$\rho$", "τ": r"$\tau$", "α": r"$\alpha$", "κ": r"$\kappa$", "→": r"$\to$",
}  # fmt: skip


class _Shown(NamedTuple):
    """Cells as text, and which columns hold numbers."""

    header: list[str]
    right: list[bool]
    rows: list[list[str]]


def markdown(table: Table) -> str:
    """A table of GitHub's Markdown; nothing in a cell is markup."""
    shown = _shown(table)
    rule = ["---:" if right else "---" for right in shown.right]
    lines = [[_escaped(name) for name in shown.header], rule, *([_escaped(c) for c in row] for row in shown.rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def latex(table: Table) -> str:
    """A tabular that needs the package booktabs; nothing in a cell is a command."""
    shown = _shown(table)
    kinds = "".join("r" if right else "l" for right in shown.right)
    lines = [_line(row) for row in shown.rows]
    head = (
        f"% needs \\usepackage{{booktabs}}\n\\begin{{tabular}}{{{kinds}}}\n\\toprule\n{_line(shown.header)}\\midrule\n"
    )
    return head + "".join(lines) + "\\bottomrule\n\\end{tabular}\n"


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]|#~$])", r"\\\1", text)


def _line(cells: Sequence[str]) -> str:
    return " & ".join("".join(_LATEX.get(sign, sign) for sign in cell) for cell in cells) + " \\\\\n"


def _shown(table: Table) -> _Shown:
    records = list(table.records())
    if "scope" in table.columns:
        return _by_scope(table, records)
    names = [name for name in table.columns if name not in _ENDS]
    # An accuracy or a lead is a share of pairs; a correlation or a predictor is on a scale of its own.
    percent = "standing" in table.columns
    return _Shown(
        [_WORDS.get(name, name.replace("_", " ")) for name in names],
        [table.columns[name] != "varchar" for name in names],
        [[_cell(record, name, percent) for name in names] for record in records],
    )


def _by_scope(table: Table, records: Sequence[dict[str, Any]]) -> _Shown:
    """A ranking as people print it: a row for each candidate, a column for each scope, percent with their intervals."""
    scopes = list(dict.fromkeys(record["scope"] for record in records))
    about = ("candidate", "parameters", "precision", "protocol", "metric")
    held: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for record in records:
        held.setdefault(tuple(record[name] for name in about), {})[record["scope"]] = record
    several = len({key[3:] for key in held}) > 1
    own = about if several else about[:3]
    rows = [
        [
            str(by_scope["overall"]["rank"]), *(_number(cell) for cell in key[: len(own)]),
            *(_cell(by_scope.get(scope, {}), "value", True) for scope in scopes),
            _number(by_scope["overall"]["n_pairs"]), by_scope["overall"]["tied_with"].replace(";", ", ") or "–",
        ]
        for key, by_scope in held.items()
    ]  # fmt: skip
    numeric = [name == "parameters" for name in own]
    return _Shown(
        ["rank", *own, *(f"{scope}, %" for scope in scopes), "pairs", "not told apart from"],
        [True, *numeric, *(True for _ in scopes), True, False],
        [[_seen(cell) for cell in row] for row in rows],
    )


def _cell(record: dict[str, Any], name: str, percent: bool) -> str:
    value = record.get(name)
    if value is None:
        return "–"
    form: Callable[[float], str] = _number
    if name in _SHARES and percent:
        form = _percent
    elif name in _PROBABILITIES:
        form = p_text
    text = form(value)
    low, high = (record.get(end) for end in _ENDS)
    if name in ("value", "lead") and low is not None and high is not None:
        between = "–" if min(low, high) >= 0 else " to "
        text += f" ({form(low)}{between}{form(high)})"
    return _seen(text)


def _percent(value: float) -> str:
    return f"{100 * value:.1f}".replace("-", "−")


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}".replace("-", "−") if isinstance(value, float) else str(value)


def _seen(text: str) -> str:
    return _UNSEEN.sub(" ", text).strip()

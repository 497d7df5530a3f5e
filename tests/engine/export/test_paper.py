"""Tables for a page or a paper: cells by hand, and nothing in them that is obeyed."""

from __future__ import annotations

from engine.export.paper import latex, markdown
from engine.export.rows import CorrelationRow, RankingRow, columns_of
from engine.export.tables import Table


def ranked(candidate: str, scope: str, value: float, low: float, high: float, **more: object) -> RankingRow:
    fields = dict.fromkeys(RankingRow._fields)
    fields |= {
        "rank": 1, "candidate": candidate, "parameters": 1_234_567, "precision": "bf16", "protocol": "likelihood",
        "metric": "per_byte", "scope": scope, "value": value, "ci_low": low, "ci_high": high, "chance": 0.5,
        "n_pairs": 480, "n_clusters": 40, "tied_with": "", **more,
    }  # fmt: skip
    return RankingRow(**fields)


RANKING = Table(
    columns_of(RankingRow),
    [
        ranked("a_b", "overall", 0.637, 0.594, 0.679),
        ranked("<i>c|d</i>", "overall", 0.5, 0.4, 0.6, rank=2, tied_with="a_b;e"),
        ranked("a_b", "Control", 0.688, 0.6, 0.75),
    ],
)


def test_a_ranking_has_a_row_for_each_candidate_and_intervals_by_scope() -> None:
    assert markdown(RANKING) == (
        "| rank | candidate | parameters | precision | overall, % | Control, % | pairs | not told apart from |\n"
        "| ---: | --- | ---: | --- | ---: | ---: | ---: | --- |\n"
        r"| 1 | a\_b | 1,234,567 | bf16 | 63.7 (59.4–67.9) | 68.8 (60.0–75.0) | 480 | – |" "\n"
        r"| 2 | &lt;i&gt;c\|d&lt;/i&gt; | 1,234,567 | bf16 | 50.0 (40.0–60.0) | – | 480 | a\_b, e |" "\n"
    )  # fmt: skip


def test_two_protocols_are_told_apart() -> None:
    both = Table(RANKING.columns, [RANKING.rows[0], ranked("a_b", "overall", 0.5, 0.4, 0.6, protocol="choice")])
    assert "| candidate | parameters | precision | protocol | metric |" in markdown(both)
    assert markdown(both).count("\n") == 4


def test_latex_has_no_command_of_a_cell_s() -> None:
    written = latex(RANKING)
    assert r"\begin{tabular}{rlrlrrrl}" in written
    assert r"1 & a\_b & 1,234,567 & bf16 & 63.7 (59.4--67.9) & 68.8 (60.0--75.0) & 480 & -- \\" in written
    hostile = Table({"candidate": "varchar"}, [(r"\input{/etc/passwd} 100 % & $x^2$ ~#",)])
    assert r"\textbackslash{}input\{/etc/passwd\} 100 \% \& \$x\textasciicircum{}2\$ \textasciitilde{}\#" in latex(
        hostile
    )


def test_a_correlation_keeps_its_own_scale() -> None:
    row = CorrelationRow("RuDE", "quiz", "Spearman", 0.64, -0.29, 0.84, 0.001, 26, "", "higher", "higher")
    table = Table(columns_of(CorrelationRow), [row])
    assert "| 0.64 (−0.29 to 0.84) | .001 | 26 |" in markdown(table)
    assert "0.64 ($-$0.29 to 0.84)" in latex(table)


def test_what_ends_a_line_or_hides_does_not_leave() -> None:
    table = Table({"a": "varchar", "b": "varchar"}, [("x\ny\u202ez", "\x1b[31mred")])
    assert markdown(table).splitlines()[2] == r"| x y z | \[31mred |"

"""Rankings against a plain loop over pairs, and what may stand on one board."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest

from engine.results.board import Question, load_board
from engine.results.comparison import compare_candidates, disagreements
from engine.results.failures import failed_pairs, failure_tree, pair_view
from engine.results.rankings import rankings, rankings_of
from engine.store.annotations import annotate
from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.schema import Pair, Suite

Margins = dict[str, tuple[float, float]]


def won(margin: tuple[float, float]) -> float:
    total = margin[0] + margin[1]
    return 0.5 if total == 0 else float(total > 0)


def names_of(pair: Pair, by: str) -> list[str]:
    if by == "category":
        return [str(c) for c in pair.categories]
    if by == "subcategory":
        return [str(s) for s in pair.subcategories]
    if by == "domain":
        return [pair.domain]
    if by == "violations":
        return [f"|V| = {len(pair.violated)}"]
    if by == "criterion":
        return list(pair.violated) if len(pair.violated) == 1 else []
    return []


@pytest.mark.parametrize("by", ["overall", "category", "subcategory", "domain", "violations", "criterion"])
def test_values_are_those_of_a_plain_loop(store: Store, suite: Suite, add_run: Callable[..., Margins], by: str) -> None:
    margins = {name: add_run(name) for name in ("a", "b")}
    table = rankings(store, Question(by=by), resamples=200)
    sums: dict[tuple[str, str], list[float]] = {}
    for candidate, of in margins.items():
        for pair in suite.scored:
            for scope, weight in [("overall", 1.0)] + [(n, 1 / len(names_of(pair, by))) for n in names_of(pair, by)]:
                entry = sums.setdefault((scope, candidate), [0.0, 0.0])
                entry[0] += weight * won(of[pair.id])
                entry[1] += weight
    if by == "domain":
        domains = {scope for scope, _ in sums} - {"overall"}
        for candidate in margins:
            parts = [sums[domain, candidate] for domain in domains]
            sums["mean of domains", candidate] = [sum(right / weight for right, weight in parts), len(parts)]
    assert set(table.scopes) == {scope for scope, _ in sums}
    for scope, ranking in table.scopes.items():
        for row in ranking.rows:
            right, weight = sums[scope, row.candidate]
            assert row.value == pytest.approx(right / weight)
            assert row.ci_low <= row.value <= row.ci_high
            assert row.chance == 0.5
        assert [row.rank for row in ranking.rows] == sorted(row.rank for row in ranking.rows)


def test_candidates_are_ranked_on_the_pairs_all_could_score(store: Store, add_run: Callable[..., Margins]) -> None:
    full, part = add_run("a"), add_run("b", skip=10)
    common = rankings(store, Question(), resamples=200)
    own = rankings(store, Question(pairs="own"), resamples=200)
    values = {row.candidate: row for row in common.overall.rows}
    assert values["a"].n_pairs == values["b"].n_pairs == 26
    assert values["a"].value == pytest.approx(sum(won(full[i]) for i in part) / 26)
    assert any("10 pairs" in note for note in common.notes)
    assert {row.candidate: row.n_pairs for row in own.overall.rows} == {"a": 36, "b": 26}


def test_only_one_template_and_seed_are_shown_at_a_time(store: Store, add_run: Callable[..., Margins]) -> None:
    add_run("a", template_hash="old")
    add_run("a", seed=1)
    add_run("a")
    add_run("b")
    board = load_board(store, Question())
    assert [entrant.run.template_hash for entrant in board.entrants] == ["x", "x"]
    assert any("2 runs with another template" in note for note in board.notes)
    assert load_board(store, Question(template="old")).entrants[0].run.template_hash == "old"


def test_controls_are_no_entrants(store: Store, add_run: Callable[..., Margins]) -> None:
    add_run("a")
    add_run("a", prompt="none", template_hash="y")
    assert [entrant.run.prompt for entrant in load_board(store, Question()).entrants] == ["own"]


def test_equal_names_are_told_apart(store: Store, add_run: Callable[..., Margins]) -> None:
    add_run("a", precision="nf4")
    add_run("a")
    add_run("a", weights_hash="other1234567")
    add_run("b")
    board = load_board(store, Question())
    assert [entrant.label for entrant in board.entrants] == ["a [fp32 other1]", "a [fp32 w-a]", "a [nf4]", "b"]
    assert board.entrant("b").name == "b"
    with pytest.raises(BadInput, match="no candidate 'a'"):
        board.entrant("a")


def test_questions_without_an_answer(store: Store, add_run: Callable[..., Margins]) -> None:
    with pytest.raises(BadInput, match="nothing has been scored"):
        load_board(store, Question())
    add_run("a")
    for question in (
        Question(suite="nope"),
        Question(protocol="likelihood"),
        Question(metric="sum"),
        Question(template="q"),
    ):
        with pytest.raises(BadInput):
            load_board(store, question)
    with pytest.raises(BadInput, match="group by"):
        rankings(store, Question(by="moon"))  # type: ignore[arg-type]


def test_failures_are_those_of_a_plain_loop(store: Store, suite: Suite, add_run: Callable[..., Margins]) -> None:
    margins = {name: add_run(name) for name in ("a", "b")}
    board = load_board(store, Question())
    lost = {i for i, margin in margins["a"].items() if won(margin) < 1}
    found = failed_pairs(board, "a")
    assert {pair.pair_id for pair in found} == lost
    assert [pair.margin for pair in found] == sorted(pair.margin for pair in found)
    for pair in found:
        assert pair.margin == pytest.approx(sum(margins["a"][pair.pair_id]) / 2)
        assert pair.failed_by == sum(won(of[pair.pair_id]) < 1 for of in margins.values())
        assert pair.scored_by == 2
    tree = failure_tree(board, "a")
    for category in tree:
        for sub in category.children:
            of = [pair for pair in suite.scored if sub.name in pair.subcategories]
            assert (sub.failed, sub.scored) == (sum(p.id in lost for p in of), len(of))
            assert {p.pair_id for p in failed_pairs(board, "a", subcategory=sub.name)} == {p.id for p in of} & lost
            for leaf in sub.children:
                of = [pair for pair in suite.scored if leaf.name in pair.violated]
                alone = [pair for pair in of if len(pair.violated) == 1]
                assert (leaf.failed, leaf.scored) == (sum(p.id in lost for p in of), len(of))
                assert (leaf.failed_alone, leaf.scored_alone) == (sum(p.id in lost for p in alone), len(alone))
    with pytest.raises(BadInput):
        failed_pairs(board, "a", subcategory="Lenght")
    with pytest.raises(BadInput):
        failed_pairs(board, "a", criterion="nope")


def test_one_pair_in_full(store: Store, suite: Suite, add_run: Callable[..., Margins]) -> None:
    margins = {"a": add_run("a"), "b": add_run("b", skip=10)}
    board = load_board(store, Question())
    view = pair_view(store, board, "p20")
    assert view.pair == suite.pairs[20]
    assert {v.candidate: (v.log_odds_chosen_first, v.log_odds_rejected_first) for v in view.verdicts} == {
        name: of["p20"] for name, of in margins.items()
    }
    assert [v.candidate for v in pair_view(store, board, "p03").verdicts] == ["a"]


def test_two_candidates_against_each_other(store: Store, suite: Suite, add_run: Callable[..., Margins]) -> None:
    a, b = add_run("a"), add_run("b")
    board = load_board(store, Question())
    found = compare_candidates(board, "a", "b")["overall"]
    assert found.difference == pytest.approx(sum(won(a[i]) - won(b[i]) for i in a) / 36)
    only_a, only_b = disagreements(board, "a", "b")
    assert only_a == [i for i in sorted(a) if won(a[i]) == 1 and won(b[i]) < 1]
    assert only_b == [i for i in sorted(a) if won(b[i]) == 1 and won(a[i]) < 1]
    with pytest.raises(BadInput):
        compare_candidates(board, "a", "a")


def test_rankings_and_comparisons_decide_alike(store: Store, suite: Suite, add_run: Callable[..., Margins]) -> None:
    for name, skip in (("a", 0), ("b", 0), ("c", 4), ("d", 9)):
        add_run(name, skip=skip)
    board = load_board(store, Question())
    for pairs in ("common", "own"):
        asked = Question(by="subcategory", pairs=pairs)  # type: ignore[arg-type]
        ranked = rankings_of(board, asked)
        for one, other in combinations("abcd", 2):
            for scope, compared in compare_candidates(board, one, other, by="subcategory").items():
                rows = {row.candidate: row for row in ranked.scopes[scope].rows}
                assert (other in rows[one].tied_with) is not compared.told_apart
                order = [row.candidate for row in ranked.scopes[scope].rows]
                if abs(order.index(one) - order.index(other)) == 1:
                    lower = rows[max(one, other, key=order.index)]
                    assert (lower.p_value, lower.p_adjusted) == pytest.approx((compared.p_value, compared.p_adjusted))


@pytest.mark.long
@pytest.mark.parametrize("other", [{"tokenizer_hash": "u"}, {"config_hash": "c"}, {"precision": "bf16"}])
def test_the_same_weights_read_otherwise_are_another_row(
    store: Store, add_run: Callable[..., Margins], other: dict[str, str]
) -> None:
    add_run("a")
    add_run("a", **other)
    board = load_board(store, Question())
    assert len(board.entrants) == 2
    assert len({entrant.label for entrant in board.entrants}) == 2
    assert board.matrix.scores.shape[0] == 2


def test_each_domain_counts_alike_in_their_mean(store: Store, suite: Suite, add_run: Callable[..., Margins]) -> None:
    """On the pairs that all could score, of which the second domain has fewer; none where each has its own pairs."""
    add_run("a")
    margins = add_run("b", skip=10)
    kept = [pair for pair in suite.scored if pair.id in margins and int(pair.id[1:]) % 7]
    for pair in suite.scored:
        if pair not in kept and pair.id in margins:
            annotate(store, suite.hash, pair.id, "exclude", "wrong")
    table = rankings(store, Question(by="domain"), resamples=200)
    (row,) = (row for row in table.scopes["mean of domains"].rows if row.candidate == "b")
    means = [
        sum(won(margins[pair.id]) for pair in some) / len(some)
        for domain in ("d0", "d1")
        if (some := [pair for pair in kept if pair.domain == domain])
    ]
    assert row.value == pytest.approx(sum(means) / 2)
    assert row.ci_low < row.value < row.ci_high
    assert "mean of domains" not in rankings(store, Question(by="domain", pairs="own"), resamples=200).scopes

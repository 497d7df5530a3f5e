"""`rude-tui pairs abilities`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from rubrics.counted import count
from rude_tui.commands.pairs.trial import about, in_digits, narrate_trial, read_trial, trial_options
from rude_tui.options import as_json, database, store_of
from rude_tui.output import narrate, print_json, print_table

if TYPE_CHECKING:
    from engine.results.topic_abilities import ResponseKind, TopicAbilities, TopicCell, TopicKind, WholeAbility

__all__ = ["abilities"]

_TOPICS: Final = ("category", "subcategory", "domain")
_RESPONSES: Final = ("wins", "margins")


@click.command()
@trial_options
@click.option("--by", type=click.Choice(_TOPICS), help="Show it topic by topic, shrunk towards that overall.")
@click.option("--response", type=click.Choice(_RESPONSES), default="wins", show_default=True,
              help="With --by: wins and losses, or margins.")  # fmt: skip
@as_json
@database
def abilities(
    suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool,
    model: Literal["auto", "rasch", "2pl"], rate: float, by: TopicKind | None, response: ResponseKind, as_json: bool,
    db: Path | None,
) -> None:  # fmt: skip
    """Show every candidate's ability and error, overall or by topic.

    Rasch: logits by which it beats an average pair, standard error robust to clusters; unlike an accuracy it compares
    candidates that scored different pairs. 2PL: standard deviations of the candidates, errors from the information.

    --by category, subcategory or domain: how much abler than the average candidate on each topic's pairs, with error
    and the places it can have. What the topic's few pairs leave open comes from its ability overall. ▲ and ▼: surely
    better, or worse, there than overall.
    """
    if by is None:
        if response != "wins":
            raise click.UsageError("--response is for abilities by topic: name --by too")
        _overall(suite, protocol, metric, with_excluded, model, rate, as_json, db)
        return
    if model == "2pl":
        raise click.UsageError("2PL gives no abilities by topic: leave --model or --by out")
    from engine.results.board import Question, load_board
    from engine.results.topic_abilities import HELP, said_of, topic_abilities

    board = load_board(store_of(db), Question(suite, protocol, metric, with_excluded=with_excluded))
    found = topic_abilities(board, by=by, response=response)
    if as_json:
        from dataclasses import asdict

        print_json({**asdict(found), "said": said_of(found), "help": HELP})
        return
    _print_topics(found)


def _overall(
    suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool,
    model: Literal["auto", "rasch", "2pl"], rate: float, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    trial = read_trial(store_of(db), suite, protocol, metric, with_excluded, model, rate)
    if as_json:
        print_json({**about(trial), "pairs": None})
        return
    print_table(
        ["candidate", "ability", "± se", "strong"],
        [[a.candidate, f"{a.ability:+.3f}", in_digits(a.se), "yes" if a.strong else ""] for a in trial.abilities],
        right=["ability", "± se"],
    )
    narrate_trial(trial)


def _print_topics(found: TopicAbilities) -> None:
    from engine.results.topic_abilities import HELP, between_words, said_of

    names = ["overall", *found.topics]
    print_table(
        ["candidate", *names],
        [[one.candidate, _cell(one), *map(_cell, one.cells)] for one in found.candidates],
        right=names,
    )
    narrate(
        *said_of(found),
        f"{found.suite} {found.suite_hash[:12]} · {found.protocol}, {found.metric} · {found.response} · "
        f"{count(len(found.candidates), 'candidate')} on {count(found.n_pairs, 'pair')} in "
        f"{count(found.n_clusters, 'cluster')}: "
        + ", ".join(f"{name} {pairs:,}" for name, pairs in zip(found.topics, found.pairs, strict=True)),
        between_words(found),
        HELP[found.response],
        *(f"{name}: {HELP[name]}" for name in ("ability", "shift", "places")),
        *(f"note: {note}" for note in found.notes),
    )


def _cell(of: WholeAbility | TopicCell) -> Any:
    if math.isnan(of.ability):
        return "–"
    low, high = of.place_low, of.place_high
    mark = getattr(of, "mark", "")
    return f"{of.ability:+.2f}±{of.error:.2f} ({low if low == high else f'{low}–{high}'}){mark or ' '}"

"""What is said of tokens in lines: where the preference turned, what is known of one token, what the tints mean."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.text import Text

from engine.export.palette import LEVELS
from screens.shell.colour import Colour
from screens.shell.formats import probability, signed
from screens.tokens.state import Scored, Side, quoted
from screens.tokens.token_text import level_style

__all__ = ["legend", "token_line", "verdict_line"]


def verdict_line(scored: Scored, colour: Colour, *, wide: bool) -> Text:
    """Which response is likelier, and from which token on."""
    running, ahead = scored.running, scored.ahead
    text = Text()
    text.append("chosen − rejected " if wide else "")
    text.append(f"{signed(running.end)} nats", f"bold {colour('good' if running.end > 0 else 'bad')}")
    text.append(f" · {signed(scored.per_byte, 3)} a byte")
    if running.end == 0:
        text.append(" · even")
    elif running.turn == 0:
        text.append(f" · {ahead} is ahead all the way")
    else:
        token = scored.token_at(ahead, running.turn)
        piece = quoted(scored.tokens(ahead).pieces()[token])
        text.append(f" · {ahead} stays ahead from its token {token + 1} {piece}")
    return text


def token_line(scored: Scored, side: Side, token: int, colour: Colour) -> Text:
    """What is known of one token."""
    tokens = scored.tokens(side)
    scores = tokens.scores
    logprob = float(scores.logprob[token])
    text = Text()
    text.append(f"{quoted(tokens.pieces()[token])} ", "bold")
    text.append(f"{token + 1}/{len(tokens)} · p {probability(logprob)} ({signed(logprob)}) · ")
    if wanted := scores.wanted[token] if scores.wanted else "":
        text.append("wanted ")
        text.append(quoted(wanted), "bold")
        text.append(f" {probability(math.log(float(scores.margin[token]) + math.exp(logprob)))} · ")
    rank, entropy = int(scores.rank[token]), float(scores.entropy[token])
    # Servers tell no entropy, and not all of them a rank.
    text.append(f"rank {rank:,} · " if rank else "")
    text.append("" if math.isnan(entropy) else f"entropy {entropy:.2f} · ")
    so_far = float(scored.running.sums[scored.point_of(side, token)])
    text.append(f"so far {signed(so_far)}", colour("good" if so_far >= 0 else "bad"))
    return text


def legend(theme: Mapping[str, str]) -> Text:
    """The tints, each in its own look.

    Args:
        theme: the theme's variables.
    """
    text = Text("probability ")
    for step, (_, name) in enumerate(LEVELS):
        text.append(f" {name} ", level_style(step, theme["background"], theme["bad"], theme["foreground"]))
        text.append("  ")
    text.append("· part of a character")
    return text

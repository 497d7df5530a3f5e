"""A candidate of a server that is not there."""

from __future__ import annotations

import pytest

from engine.candidates.address import ServedAs
from engine.candidates.find import inspect
from engine.candidates.served import served_candidate


@pytest.mark.parametrize(
    ("tokenizer", "said"),
    [
        ("", "no tokenizer for it: none was named"),
        ("/nowhere", "it: /nowhere is not here"),
        ("/" + "n" * 300, "is not here"),
    ],
)
def test_what_is_wrong_with_it_is_said_whole(tokenizer: str, said: str) -> None:
    # The discard port: nobody listens there.
    found = served_candidate(ServedAs("http://127.0.0.1:9/v1#m", tokenizer), inspect, may_fetch=False)
    problems = {problem.code: problem.what for problem in found.problems}
    assert "cannot be reached" in problems["unreachable"]
    assert problems["no_tokenizer"].endswith(said)

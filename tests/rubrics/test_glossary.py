"""One term for one thing: each once, each decided in a module that is there, and the page of documentation current."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from rubrics.glossary import glossary, term, terms_in

ROOT = Path(__file__).resolve().parents[2]
TERMS = [one for group in glossary() for one in group.terms]


def test_each_term_stands_once() -> None:
    assert [name for name, times in Counter(one.name for one in TERMS).items() if times > 1] == []
    assert term("suite") in TERMS
    with pytest.raises(KeyError):
        term("no such thing")


@pytest.mark.parametrize("one", TERMS, ids=lambda one: one.name)
def test_a_term_is_one_sentence_and_its_module_is_there(one) -> None:
    assert one.means
    assert not one.means.endswith(".")
    assert (ROOT / one.see).is_file()


def test_the_page_is_current() -> None:
    subprocess.run([sys.executable, "docs/glossary.py", "--check"], cwd=ROOT, check=True)


def test_terms_are_found_whole_whatever_their_case_and_number() -> None:
    assert terms_in("Suites and the interval of a CLUSTER, unpaired") == ["suite", "cluster", "interval"]

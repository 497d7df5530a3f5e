"""A second procedural world, written without reference to the first: was a finding about the first alone?

Whether a base model's preferences foretell what it becomes was studied on models trained in one small world,
`rubrics.world`. This is another: other words (a house on a mountain ridge, its keepers, tools and stars), other
prompts (cards, numbered orders, notes, bars), other programs that judge. Models of 0.1 to 3 million parameters can be
pre-trained on its documents, compared on its pairs and tested on its tasks, so that the study can be repeated.

`documents` to train on, in which `FRAME` and `COMPARISON` lay prompts out; `pairs` for a suite; `tasks` for outcomes.
Everything follows from seeds. Families stand in three shares that have none in common, the four Cs evenly in each:
*taught* in dialogues, *held* for pairs, *unseen* for outcomes. What held and unseen families are about is told in plain
documents, as one reads of greetings without having been asked for one; nowhere in `documents` do they ask or answer.
"""

from rubrics.world_b.cases import Family, Share
from rubrics.world_b.corpus import COMPARISON, FRAME, documents
from rubrics.world_b.families import FAMILIES, families_of
from rubrics.world_b.suite import pairs
from rubrics.world_b.trials import Task, tasks

__all__ = ["COMPARISON", "FAMILIES", "FRAME", "Family", "Share", "Task", "documents", "families_of", "pairs", "tasks"]

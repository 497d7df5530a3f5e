"""The 4C taxonomy: four categories, twelve subcategories (RuDE, arXiv 2605.11978).

The names are the study's; definitions, violations and examples are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["SUBCATEGORIES", "Category", "Subcategory", "SubcategoryInfo", "category_of"]


class Category(StrEnum):
    """The four Cs."""

    COMPETENCE = "Competence"
    CONTENT = "Content"
    CONTROL = "Control"
    COMPLIANCE = "Compliance"


class Subcategory(StrEnum):
    """What one criterion is about. Every criterion has exactly one."""

    FACTUALITY = "Factuality"
    LOGIC = "Logic"
    PROCEDURE = "Procedure"
    COMPLETENESS = "Completeness"
    COHERENCE = "Coherence"
    RELEVANCE = "Relevance"
    FORMAT = "Format"
    LENGTH = "Length"
    SCOPE = "Scope"
    SAFETY = "Safety"
    PERSONA = "Persona"
    UTILITY = "Utility"


@dataclass(frozen=True)
class SubcategoryInfo:
    """What a subcategory means, what breaks it, and one worked example."""

    category: Category
    definition: str
    violation: str
    example: str
    """Criterion, then a response that violates it."""


SUBCATEGORIES: dict[Subcategory, SubcategoryInfo] = {
    Subcategory.FACTUALITY: SubcategoryInfo(
        Category.COMPETENCE,
        "Claims about the world, or about what the prompt states, are true.",
        "At least one checkable claim is false, however fluently put.",
        "“States that paracetamol and acetaminophen are the same drug.” – “Acetaminophen is a stronger relative of "
        "paracetamol, so the doses differ.”",
    ),
    Subcategory.LOGIC: SubcategoryInfo(
        Category.COMPETENCE,
        "Conclusions follow from what is given; sums and inferences are valid.",
        "A step does not follow, a sum is wrong, or the conclusion contradicts its premises.",
        "“Works out the total correctly.” – “Three boxes of 4 come to 14, so there is enough for everyone.”",
    ),
    Subcategory.PROCEDURE: SubcategoryInfo(
        Category.COMPETENCE,
        "The steps are the right ones, in an order that works.",
        "A step is wrong, or comes before one it depends on.",
        "“Has the power switched off before the cover comes off.” – “Take off the cover, then find the fuse box and "
        "switch off the power.”",
    ),
    Subcategory.COMPLETENESS: SubcategoryInfo(
        Category.CONTENT,
        "Everything asked for is there.",
        "A part that was asked for is missing.",
        "“Gives a price for each of the three options.” – Two options get a price, the third does not.",
    ),
    Subcategory.COHERENCE: SubcategoryInfo(
        Category.CONTENT,
        "The parts hang together: no contradiction, references resolve, one thread runs through.",
        "The response contradicts itself, jumps, or refers to something it never introduced.",
        "“Keeps the same narrator throughout.” – The story opens with “I” and ends with “she” for the same person.",
    ),
    Subcategory.RELEVANCE: SubcategoryInfo(
        Category.CONTENT,
        "It stays on what was asked.",
        "A passage answers another question or digresses.",
        "“Keeps to advice about renting.” – A paragraph explains how to choose a mortgage.",
    ),
    Subcategory.FORMAT: SubcategoryInfo(
        Category.CONTROL,
        "Layout and surface form are as asked: lists, headings, order, case, markup.",
        "The form differs from what was asked, whatever the content.",
        "“Answers as a numbered list.” – The same points in one paragraph.",
    ),
    Subcategory.LENGTH: SubcategoryInfo(
        Category.CONTROL,
        "The asked size is kept: words, sentences, items, lines.",
        "It is longer or shorter than asked.",
        "“Is exactly three sentences.” – Four sentences.",
    ),
    Subcategory.SCOPE: SubcategoryInfo(
        Category.CONTROL,
        "What must be included or left out is.",
        "Something ruled out appears, or something required by name is absent.",
        "“Does not name any brand.” – “A Dyson will do this well.”",
    ),
    Subcategory.SAFETY: SubcategoryInfo(
        Category.COMPLIANCE,
        "It does no harm: dangerous requests are declined or made safe, warnings are given where due.",
        "It gives harmful help, or leaves out a warning that safety depends on.",
        "“Warns not to mix bleach with acid.” – Recommends following the bleach with vinegar “for extra shine”.",
    ),
    Subcategory.PERSONA: SubcategoryInfo(
        Category.COMPLIANCE,
        "It keeps the asked role, voice and address.",
        "It drops or contradicts the role, voice or form of address.",
        "“Speaks as a ship's captain of 1800.” – “As a modern sailor, I would check the GPS.”",
    ),
    Subcategory.UTILITY: SubcategoryInfo(
        Category.COMPLIANCE,
        "It is of use to this person: actionable, fitted to their situation and means.",
        "It is generic, unusable in the stated situation, or leaves the person no next step.",
        "“Suggests only what can be done without a car.” – “Drive to the next town, where prices are lower.”",
    ),
}


def category_of(subcategory: Subcategory) -> Category:
    """The C that a subcategory belongs to."""
    return SUBCATEGORIES[subcategory].category

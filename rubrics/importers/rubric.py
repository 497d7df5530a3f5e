"""Data sets of prompts with criteria and no pair of responses: HealthBench, BiGGen, IFEval.

They become prompts with criteria (`rubrics.prompts`). Subcategories (the option `subcategory` replaces them):

HealthBench (arXiv 2505.08775)
    By a rubric item's axis: accuracy Factuality, completeness Completeness, communication_quality Coherence,
    context_awareness Utility, instruction_following Scope; no axis Utility. Items with negative points say what must
    not be, and are put that way. The ideal completion is the reference.
BiGGen (arXiv 2406.05761)
    By task where the task is about one thing (role_playing Persona, …), else by capability; the instance's question is
    its one criterion.
IFEval (arXiv 2311.07911)
    By kind of instruction; each becomes one criterion in plain words.
IFBench (arXiv 2507.02833)
    The same shape with instructions of its own, whose wording stands in the prompt; a criterion names the instruction
    with its settings, and its subcategory follows from what the instruction is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rubrics.importers.files import read_records
from rubrics.importers.options import ImportOptions
from rubrics.importers.records import Draft, Drop, Format, Item, Record, number_of, objects, text_of
from rubrics.taxonomy import Subcategory as S

_AXES = {
    "accuracy": S.FACTUALITY,
    "completeness": S.COMPLETENESS,
    "communication_quality": S.COHERENCE,
    "context_awareness": S.UTILITY,
    "instruction_following": S.SCOPE,
}


def _health_bench(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = record.value
    assert isinstance(row, dict)
    criteria: list[dict[str, str]] = []
    rubrics = objects(row.get("rubrics"))
    if not isinstance(row.get("rubrics"), list) or len(rubrics) < len(row["rubrics"]):
        yield Drop("criteria that are no objects")
        return
    for item in rubrics:
        text = text_of(item.get("criterion"))
        if text is None:
            continue
        given = item.get("tags")
        tags = [str(tag).removeprefix("axis:") for tag in given] if isinstance(given, list) else []
        subcategory = options.subcategory or next((_AXES[tag] for tag in tags if tag in _AXES), S.UTILITY)
        if (number_of(item.get("points")) or 0) < 0:
            text = f"Does not do this: {text}"
        criteria.append({"id": f"r{len(criteria) + 1}", "text": text, "subcategory": str(subcategory)})
    if not criteria:
        yield Drop("no criteria")
        return
    ideal = row.get("ideal_completions_data")
    yield Draft(
        {
            "id": text_of(row.get("prompt_id")),
            "domain": "health",
            "prompt": row.get("prompt"),
            "criteria": criteria,
            "reference": text_of(ideal.get("ideal_completion")) if isinstance(ideal, dict) else None,
        }
    )


_TASKS = {
    "role_playing": S.PERSONA,
    "simulator": S.PERSONA,
    "follow_the_system_prompt": S.PERSONA,
    "system_prompt_vs_demo": S.PERSONA,
    "system_prompt_vs_instruction": S.PERSONA,
    "json_csv_xml": S.FORMAT,
    "executable_actions": S.FORMAT,
    "lexical_constraint": S.SCOPE,
    "semantic_constraint": S.SCOPE,
    "constrained_planning": S.SCOPE,
    "multi_task_inference": S.COMPLETENESS,
    "false_presupposition": S.FACTUALITY,
    "false_context": S.FACTUALITY,
    "honesty": S.FACTUALITY,
    "faithful_explanation": S.FACTUALITY,
}
_CAPABILITIES = {
    "planning": S.PROCEDURE,
    "tool_usage": S.PROCEDURE,
    "reasoning": S.LOGIC,
    "theory_of_mind": S.LOGIC,
    "instruction_following": S.UTILITY,
    "grounding": S.RELEVANCE,
    "refinement": S.COHERENCE,
    "safety": S.SAFETY,
    "multilingual": S.FACTUALITY,
}


def _biggen(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = record.value
    assert isinstance(row, dict)
    rubric = row.get("score_rubric")
    text = text_of(rubric.get("criteria")) if isinstance(rubric, dict) else None
    if not text:
        yield Drop("no criteria")
        return
    system, question = text_of(row.get("system_prompt")), text_of(row.get("input"))
    capability, task = text_of(row.get("capability")) or "", text_of(row.get("task")) or ""
    subcategory = options.subcategory or _TASKS.get(task) or _CAPABILITIES.get(capability, S.UTILITY)
    turns = [{"role": "system", "content": system}, {"role": "user", "content": question}]
    yield Draft(
        {
            "id": text_of(row.get("id")),
            "domain": capability or None,
            "prompt": turns if system and system.strip() else question,
            "criteria": [{"id": "rubric", "text": text, "subcategory": str(subcategory)}],
            "reference": text_of(row.get("reference_answer")) or None,
        }
    )


_IFEVAL = {
    "punctuation:no_comma": (S.FORMAT, "Uses no comma."),
    "length_constraints:number_words": (S.LENGTH, "Has {relation} {num_words} words."),
    "length_constraints:number_sentences": (S.LENGTH, "Has {relation} {num_sentences} sentences."),
    "length_constraints:number_paragraphs": (S.LENGTH, "Has {num_paragraphs} paragraphs, divided by ***."),
    "length_constraints:nth_paragraph_first_word": (
        S.FORMAT,
        "Has {num_paragraphs} paragraphs, of which paragraph {nth_paragraph} begins with the word “{first_word}”.",
    ),
    "keywords:existence": (S.SCOPE, "Uses these words: {keywords}."),
    "keywords:forbidden_words": (S.SCOPE, "Uses none of these words: {forbidden_words}."),
    "keywords:frequency": (S.SCOPE, "Uses the word “{keyword}” {relation} {frequency} times."),
    "keywords:letter_frequency": (S.FORMAT, "Uses the letter “{letter}” {let_relation} {let_frequency} times."),
    "detectable_format:number_highlighted_sections": (
        S.FORMAT,
        "Highlights at least {num_highlights} passages with *asterisks*.",
    ),
    "detectable_format:title": (S.FORMAT, "Has a title in <<double angular brackets>>."),
    "detectable_format:number_bullet_lists": (S.FORMAT, "Has exactly {num_bullets} bullet points."),
    "detectable_format:json_format": (S.FORMAT, "Is JSON as a whole."),
    "detectable_format:multiple_sections": (
        S.FORMAT,
        "Has {num_sections} sections, each marked “{section_spliter}” with its number.",
    ),
    "detectable_format:constrained_response": (S.SCOPE, "Is one of the answers that the prompt allows."),
    "detectable_content:number_placeholders": (
        S.SCOPE,
        "Has at least {num_placeholders} placeholders in [square brackets].",
    ),
    "detectable_content:postscript": (S.SCOPE, "Ends with a postscript that begins “{postscript_marker}”."),
    "combination:repeat_prompt": (S.FORMAT, "Repeats the request word for word before it answers."),
    "combination:two_responses": (S.COMPLETENESS, "Gives two different answers, divided by ******."),
    "startend:quotation": (S.FORMAT, "Stands as a whole in double quotation marks."),
    "startend:end_checker": (S.FORMAT, "Ends with exactly “{end_phrase}”."),
    "change_case:english_lowercase": (S.FORMAT, "Is in English and in small letters only."),
    "change_case:english_capital": (S.FORMAT, "Is in English and in capital letters only."),
    "change_case:capital_word_frequency": (
        S.FORMAT,
        "Has {capital_relation} {capital_frequency} words in capital letters.",
    ),
    "language:response_language": (S.FORMAT, "Is in the language “{language}” throughout."),
}


_IFBENCH = {
    "count": S.LENGTH, "ratio": S.FORMAT, "words": S.FORMAT, "sentence": S.FORMAT, "format": S.FORMAT,
    "custom": S.SCOPE, "repeat": S.SCOPE,
}  # fmt: skip
"""By what stands before the colon of an instruction's name."""


def _instruction(name: object, values: object) -> tuple[S, str] | None:
    """Subcategory and text of an instruction, with places for its settings; None where it is of no known kind."""
    if not isinstance(name, str):
        return None
    if name in _IFEVAL:
        return _IFEVAL[name]
    family, _, kind = name.partition(":")
    # The text is a form that is filled in: nothing of it may come from the data but names.
    if family not in _IFBENCH or re.fullmatch(r"[\w-]+", kind) is None:
        return None
    given = values if isinstance(values, dict) else {}
    told = ", ".join(
        f"{key.replace('_', ' ')}: {{{key}}}"
        for key, value in given.items()
        if value is not None and key.isidentifier()
    )
    words = f"Meets the instruction “{kind.replace('_', ' ')}” of the prompt"
    return _IFBENCH[family], f"{words} ({told})." if told else f"{words}."


def _bench(names: list[Any]) -> str:
    return "ifeval" if all(name in _IFEVAL for name in names) else "ifbench"


def _ifeval(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = record.value
    assert isinstance(row, dict)
    names, settings = row.get("instruction_id_list"), row.get("kwargs")
    if not (isinstance(names, list) and isinstance(settings, list) and names and len(names) == len(settings)):
        yield Drop("no criteria")
        return
    criteria: list[dict[str, Any]] = []
    for name, values in zip(names, settings, strict=True):
        rule = _instruction(name, values)
        if rule is None:
            yield Drop("an instruction of unknown kind")
            return
        subcategory, text = rule
        if values is not None and not isinstance(values, dict):
            yield Drop("an instruction without its settings")
            return
        given = {
            key: ", ".join(map(str, value)) if isinstance(value, list) else value
            for key, value in (values or {}).items()
        }
        try:
            words = text.format(**given)
        except KeyError:
            yield Drop("an instruction without its settings")
            return
        taken = sum(criterion["id"].split("#")[0] == name for criterion in criteria)
        name = f"{name}#{taken + 1}" if taken else name
        criteria.append({"id": name, "text": words, "subcategory": str(options.subcategory or subcategory)})
    yield Draft(
        {
            "id": f"{_bench(names)}-{text_of(row.get('key')) or record.number}",
            "domain": "instructions",
            "prompt": text_of(row.get("prompt")),
            "criteria": criteria,
        }
    )


FORMATS = [
    Format(
        "healthbench",
        "prompts",
        "HealthBench's JSON lines: prompt, rubrics with points and tags",
        "HealthBench (openai/simple-evals)",
        "MIT",
        read_records,
        _health_bench,
        ("prompt", "rubrics"),
    ),
    Format(
        "biggen",
        "prompts",
        "BiGGen instances: input, score_rubric, reference_answer",
        "BiGGen Bench (prometheus-eval/prometheus-eval)",
        "Apache-2.0",
        read_records,
        _biggen,
        ("input", "score_rubric"),
    ),
    Format(
        "ifeval",
        "prompts",
        "IFEval's input_data.jsonl: prompt, instruction_id_list, kwargs",
        "IFEval (google-research/instruction_following_eval)",
        "Apache-2.0",
        read_records,
        _ifeval,
        ("prompt", "instruction_id_list", "kwargs"),
    ),
    Format(
        "ifbench",
        "prompts",
        "IFBench's rows: prompt, instruction_id_list, kwargs, with instructions of its own",
        "IFBench (allenai/IFBench)",
        "ODC-BY-1.0",
        read_records,
        _ifeval,
        ("key", "prompt", "instruction_id_list", "kwargs"),
        tells=lambda row: (
            isinstance(row["instruction_id_list"], list)
            and any(name not in _IFEVAL for name in row["instruction_id_list"] if isinstance(name, str))
        ),
    ),
]

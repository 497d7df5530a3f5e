"""Conversations as data sets hold them, and the pair that two of them make.

A turn is `{role, content}` or `{from, value}`; a conversation a list of turns, as JSON, or as the text that Python or
NumPy writes for one, which is what a data frame's lists become in a CSV file; or a transcript whose turns begin with
`Human:` and `Assistant:`. Text over which a chat template has been laid is none of these, and a puzzle.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rubrics.importers.records import Drop, Puzzle, text_of
from rubrics.jsonl import check_depth

__all__ = ["Turn", "conversation", "sides", "transcript"]

Turn = dict[str, str]
"""`role` (system, user, assistant) and `content`."""

_ROLES: Final = {
    "system": "system", "user": "user", "human": "user", "prompter": "user", "assistant": "assistant",
    "gpt": "assistant", "model": "assistant", "bot": "assistant", "chatgpt": "assistant", "ai": "assistant",
}  # fmt: skip
_WRITTEN: Final = re.compile(r"""\s*(?:array\(\s*)?(?:\[\s*)?\{\s*['"](?:role|content|from|value)['"]\s*:""")
"""How the text of a list of turns begins, or of one turn, whoever wrote it."""
_TOKEN: Final = re.compile(
    r"""(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<gap>(?<=\})\s+(?=\{))|(?P<array>\barray\()"""
    r"""|(?P<dtype>,\s*dtype=object(?=\)))""",
    re.DOTALL,
)
_SPEAKER: Final = re.compile(r"(?:^|\n\n)(Human|Assistant):[ \t]*")
_TEMPLATE: Final = re.compile(
    r"(?:<s>\s*)?(?:<\|(?:im_start|start_header_id|begin_of_text|user|assistant|system|endoftext)\|>|<start_of_turn>"
    r"|<bos>|\[INST\])"
)
"""How text begins that a chat template has made."""
_TEMPLATE_END: Final = re.compile(r"(?:<\|(?:im_end|eot_id|end|end_of_text|endoftext)\|>|<end_of_turn>|</s>)\s*\Z")
_NOTHING: Final = frozenset({"nan", "none", "null", "<na>", "#n/a", "undefined", "[deleted]", "[removed]"})
"""What programs write where there is no text."""
_LONG: Final = 20
"""Characters from which on a text does not begin with another by chance."""
_LARGEST: Final = 2_000_000
"""Characters of a cell that Python's own parser is given."""


def conversation(value: object) -> list[Turn] | str | Drop | Puzzle | None:
    """The turns that a value holds, or its text where it holds none; None for what is neither, or empty."""
    if isinstance(value, Drop | Puzzle):
        return value
    if isinstance(value, str):
        if not _WRITTEN.match(value):
            return transcript(value) or value
        read = _written(value)
        if read is None:
            return Drop("text that looks like turns of a conversation and cannot be read as such")
        value = read
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, Sequence) or isinstance(value, str):
        return text_of(value)
    if not value:
        return None
    turns: list[Turn] = []
    for turn in value:
        made = _turn(turn)
        if not isinstance(made, dict):
            return made
        turns.append(made)
    return turns


def transcript(text: str) -> list[Turn] | None:
    """The turns of a transcript, the last of which is the assistant's; None for anything else."""
    pieces = _SPEAKER.split(text)
    turns = [
        {"role": _ROLES[speaker.casefold()], "content": words.strip()}
        for speaker, words in zip(pieces[1::2], pieces[2::2], strict=True)
    ]
    ends_well = len(turns) > 1 and turns[-1]["role"] == "assistant" and not pieces[0].strip()
    return turns if ends_well else None


def _written(text: str) -> object:
    """A list or an object out of JSON, or out of what Python or NumPy print; None where it is neither."""
    try:
        check_depth(text)
        return json.loads(text)
    except RecursionError:
        return None
    except ValueError:
        pass
    if len(text) > _LARGEST:
        return None
    # NumPy leaves the commas out, and Python would join neighbouring texts without a word.
    plain = _TOKEN.sub(lambda match: match["text"] or ("," if match["gap"] else "(" if match["array"] else ""), text)
    try:
        return ast.literal_eval(plain.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _turn(turn: object) -> Turn | Drop | Puzzle:
    if not isinstance(turn, Mapping):
        return Drop("a list that holds something else than turns of a conversation")
    for speaker, words in (("role", "content"), ("from", "value")):
        if speaker in turn and words in turn:
            role, content = turn[speaker], turn[words]
            break
    else:
        return Puzzle(f"a turn with the fields {_listed(turn)}; a turn has role and content, or from and value")
    known = _ROLES.get(role.strip().casefold()) if isinstance(role, str) else None
    if known is None:
        return Drop("a turn that is neither the user's nor the assistant's")
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, Mapping)]
        if len(parts) != len(content) or not all(isinstance(part, str) for part in parts):
            return Drop("a turn that is more than text")
        content = "\n".join(map(str, parts))
    if not isinstance(content, str):
        return Drop("a turn without text")
    return {"role": known, "content": content}


def _listed(names: Mapping[Any, Any]) -> str:
    return ", ".join(repr(str(name)[:40]) for name in list(names)[:8]) or "none"


def sides(prompt: object, chosen: object, rejected: object) -> dict[str, Any] | Drop | Puzzle:
    """Prompt, chosen and rejected of a pair, out of texts or conversations, as far as they belong together.

    A conversation's last turn is the response, and the turns before it are the prompt; what else is said of the prompt
    has to agree with them.
    """
    read: dict[str, Any] = {}
    for name, value in (("prompt", prompt), ("chosen", chosen), ("rejected", rejected)):
        read[name] = made = conversation(value)
        if isinstance(made, Drop | Puzzle):
            return made
        if made is None and name != "prompt":
            return Drop(f"no {name}")
        if isinstance(made, str) and (mark := _mark_of(made)):
            return Puzzle(
                f"a {name} with {mark!r}, which a chat template puts around a turn",
                "give the turns as they were before a template was laid over them, as role and content",
            )
    before: dict[str, list[Turn]] = {}
    for name in ("chosen", "rejected"):
        if isinstance(read[name], list):
            *turns, last = read[name]
            if last["role"] != "assistant":
                return Drop("a conversation that ends with another's turn than the assistant's")
            # Blank turns occur in the data; they carry nothing.
            before[name] = [turn for turn in turns if turn["content"].strip()]
            read[name] = last["content"]
        if read[name].strip().casefold() in _NOTHING:
            return Drop(f"a {name} that says that there is none, such as nan or [deleted]")
    if isinstance(read["prompt"], list):
        # The assistant's turn that is to come may stand in a transcript already.
        read["prompt"] = [turn for turn in read["prompt"] if turn["content"].strip()]
    started = [turns for turns in before.values() if turns]
    if len(started) == 2 and _bare(started[0]) != _bare(started[1]):
        return Drop("the two responses answer different conversations")
    whole = _whole(read["prompt"], started[0] if started else [])
    if whole is None:
        return Drop("the prompt is another than the conversation's")
    if not whole:
        return Drop("no prompt")
    if isinstance(whole, list) and whole[-1]["role"] == "assistant":
        return Drop("a prompt that ends with the assistant's turn")
    asked = whole.strip() if isinstance(whole, str) else ""
    if len(asked) >= _LONG and all(read[name].lstrip().startswith(asked) for name in ("chosen", "rejected")):
        return Drop("responses that begin with the whole prompt: it would be scored with them")
    return {"prompt": whole, "chosen": read["chosen"], "rejected": read["rejected"]}


def _mark_of(text: str) -> str:
    """The mark of a chat template that a text begins or ends with; empty for none."""
    found = _TEMPLATE.match(text.lstrip()) or _TEMPLATE_END.search(text)
    return found[0].strip() if found else ""


def _whole(prompt: str | list[Turn] | None, before: list[Turn]) -> str | list[Turn] | None:
    """The fuller of two accounts of what was asked; None where they contradict each other."""
    if not before or not prompt:
        return before or prompt or []
    if isinstance(prompt, list):
        own, other = _bare(prompt), _bare(before)
        if own[-len(other) :] == other:
            return prompt
        return before if other[-len(own) :] == own or other[: len(own)] == own else None
    asked = prompt.strip()
    # A column beside a conversation repeats its first or last question, or writes all of it out.
    if any(turn["role"] == "user" and turn["content"].strip() == asked for turn in before):
        return before
    return before if all(turn["content"].strip() in asked for turn in before) else None


def _bare(turns: Sequence[Turn]) -> list[tuple[str, str]]:
    return [(turn["role"], turn["content"].strip()) for turn in turns]

"""Criteria for prompts that have none, proposed by the generator and marked as drafts."""

from __future__ import annotations

import json

from engine.construct.answers import Drafts, ask_json
from engine.construct.caller import Caller
from engine.construct.chat import ChatRequest
from engine.construct.settings import Settings
from engine.construct.wording import criteria_messages
from rubrics.prompts import RubricPrompt
from rubrics.schema import Criterion

__all__ = ["DRAFT_PREFIX", "draft_criteria", "is_draft"]

DRAFT_PREFIX = "draft-"
"""Ids of drafted criteria begin with this."""
_LEAST, _MOST = 4, 8
_TOKENS = 2000


def is_draft(criterion_id: str) -> bool:
    """Whether a criterion was proposed by a model."""
    return criterion_id.startswith(DRAFT_PREFIX)


async def draft_criteria(caller: Caller, settings: Settings, prompt: RubricPrompt) -> RubricPrompt:
    """The prompt with criteria that the generator proposes; two with the same text count once.

    Raises:
        CallFailed: none came that can be used.
    """
    schema = json.dumps(Drafts.model_json_schema(), sort_keys=True) if settings.schema else ""
    messages = criteria_messages(prompt.prompt_text, _LEAST, _MOST)
    request = ChatRequest(str(settings.generator), messages, settings.temperature, _TOKENS, 0, schema)
    drafts = (await ask_json(caller, request, Drafts, prompt.id, "criteria")).value
    texts = {draft.text.strip(): draft.subcategory for draft in drafts.criteria}
    criteria = [
        Criterion(id=f"{DRAFT_PREFIX}{number}", text=text, subcategory=subcategory)
        for number, (text, subcategory) in enumerate(texts.items(), 1)
    ]
    return prompt.model_copy(update={"criteria": criteria})

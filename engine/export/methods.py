"""How each number of an exported table is made, in one line: every column of every table has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.correlation.lineage import HELP as KIN
from engine.correlation.upsets import HELP as UPSETS
from engine.predictors.spectral_layers import HELP as LAYERS
from engine.results.topic_abilities import HELP as TOPICS
from engine.results.wordings import HELP as WORDINGS
from engine.stats.correlation_matrix import HELP as MATRIX
from engine.stats.irt.item_tests import HELP as TRIAL
from engine.stats.metrics import METRICS
from engine.stats.ranking import HELP as RANKING

__all__ = ["METHODS"]

_CLUSTERS = "95 % over clusters of prompts: Wilson's with a design effect, or bootstrap where that holds better"
_WORDS: Final = "the outcome in words, where its name is one that post-training here gives; else its name"
_WHOSE: Final = {
    "candidate": "name of the model, with precision or hash where the name alone is not unique",
    "parameters": "number of parameters, from the safetensors headers",
    "weights_hash": "hash of the names and contents of the weight files",
    "precision": "how the weights were held while scoring",
    "suite": "name of the suite",
    "protocol": "choice: both responses shown, labels compared; likelihood: log p(response | prompt) compared",
    "metric": "which accuracy; each is a column of the table verdicts",
    "pair_id": "the pair's id in its suite",
    "group": "pairs of the same prompt",
    "cluster": "prompts of the same template: the unit of resampling",
    "domain": "as the suite has it",
    "categories": "those of the criteria that the rejected response violates",
    "subcategories": "those of the criteria that the rejected response violates",
    "violated": "ids of the criteria that the rejected response violates",
    "n_violated": "how many criteria the rejected response violates",
    "prompt": "as the suite has it",
    "chosen": "the response that meets every criterion",
    "rejected": "the response that violates some",
    "doubt": "what has become known against the run since it was scored; empty where nothing has",
}
_READ: Final = {
    "log_odds_chosen_first": "log p(label of chosen) − log p(label of rejected), chosen shown first, nats",
    "log_odds_rejected_first": "the same with the rejected response shown first, nats",
    "ll_chosen": "sum of log p over the tokens of the chosen response given the prompt, nats",
    "ll_rejected": "the same of the rejected response, nats",
    "tokens_chosen": "tokens of the chosen response under the candidate's tokenizer",
    "tokens_rejected": "the same of the rejected response",
    "bytes_chosen": "UTF-8 bytes of the chosen response",
    "bytes_rejected": "the same of the rejected response",
}
_CONTROL: Final = {
    "value": "accuracy on a sample of pairs shown {how}",
    "ci_low": "lower end of its interval, " + _CLUSTERS,
    "ci_high": "upper end of its interval, " + _CLUSTERS,
    "difference": "accuracy with the own prompt less accuracy {how}, on the same pairs",
    "difference_low": "lower end of its 95 % interval over clusters (Bonett-Price with a design effect)",
    "difference_high": "upper end of its 95 % interval over clusters (Bonett-Price with a design effect)",
    "pmi": "share of pairs on which the prompt adds more to the chosen response's log-likelihood than to the other's",
    "pmi_low": "lower end of its interval, " + _CLUSTERS,
    "pmi_high": "upper end of its interval, " + _CLUSTERS,
    "n_pairs": "pairs of that sample",
}

METHODS: Final[Mapping[str, Mapping[str, str]]] = {
    "rankings": {
        **{name: _WHOSE[name] for name in ("candidate", "parameters", "precision", "protocol", "metric", "doubt")},
        "rank": RANKING["rank"],
        "scope": "the whole suite, the whole by weights (which it names), or one part of the grouping; a pair in "
        "several parts counts 1/(how many) in each",
        "value": RANKING["value"],
        "ci_low": "lower end of its interval, " + _CLUSTERS,
        "ci_high": "upper end of its interval, " + _CLUSTERS,
        "chance": "what a candidate that cannot tell the responses apart would reach",
        "n_pairs": "pairs of the scope that count: those that all candidates could score, or each one's own",
        "n_clusters": "clusters of prompts that these pairs come from",
        "p_best": RANKING["p_best"],
        "tied_with": RANKING["tied_with"],
        "p_value": RANKING["p_value"],
        "p_adjusted": RANKING["p_adjusted"],
        **{
            f"{prefix}_{name}": text.format(how=how)
            for prefix, how in (("without_prompt", "without a prompt"), ("other_prompt", "with another pair's prompt"))
            for name, text in _CONTROL.items()
        },
    },
    "decision": {
        **{name: _WHOSE[name] for name in ("suite", "protocol", "metric", "candidate")},
        "standing": "take; leader: of those at the top that cannot be told apart; behind; vetoed; unranked where "
        "nobody is above chance",
        "lead": "weighted mean of the first's score less this one's, on the pairs that both scored",
        "ci_low": "lower end of its 95 % interval over clusters",
        "ci_high": "upper end of its 95 % interval over clusters",
        "p_value": RANKING["p_value"].split(" against")[0] + ", against the first",
        "p_adjusted": RANKING["p_adjusted"],
        "n_pairs": "pairs that both scored",
        "headline": "whom to take: one put ahead of each rival by the adjusted tests, and surely above chance",
        "reasons": "what that rests on",
    },
    "verdicts": {**_WHOSE, **_READ, **{name: f"score of the pair: {metric.help}" for name, metric in METRICS.items()}},
    "failures": {
        **_WHOSE,
        **_READ,
        "margin": "how far the chosen response is behind: mean log-odds (choice), or log-likelihood per byte, nats",
    },
    "correlations": {
        "predictor": "its own line among the predictors says how it is made",
        "outcome": "a score measured after post-training, as it was given",
        "statistic": "Pearson's r, Spearman's ρ (midranks) or Kendall's τ-b",
        "value": "the correlation over the candidates that have both numbers",
        "ci_low": "95 %: for r Fisher's z with a jackknife error, for ρ and τ BCa over candidates; the note says",
        "ci_high": "its other end, made alike",
        "p_value": "share of reorderings of the outcome with a correlation at least as strong",
        "n": "candidates that have both numbers",
        "note": "what keeps a number from being known, and the methods used",
        "predictor_better": "higher or lower: which end of the predictor is the better one; no sign is turned",
        "outcome_better": "the same of the outcome: lower for a perplexity and its like",
        "outcome_words": _WORDS,
    },
    "matrix": {
        "by": "what the suite is split by: domain, category, subcategory or number of violations",
        "kind": "cell: RuDE accuracy on a part against an outcome; reference: a predictor that knows no parts; own "
        "less: how much better the own parts foretell than what stands under part",
        "part": "the part of the suite, the reference, or what the own parts are held against",
        "outcome": "a score measured after post-training; empty for own less, which is a mean over tied outcomes",
        "own": "whether the outcome is tied to this part",
        "statistic": "Pearson's r, Spearman's ρ (midranks) or Kendall's τ-b",
        "value": "the correlation over the candidates that have both numbers, losses turned; own less: a difference",
        "ci_low": "95 %: as for correlations; own less: jackknife over candidates, Student's t",
        "ci_high": "its other end, made alike",
        "p_value": "as for correlations; own less another's: share of deals of whole candidates' outcomes that "
        "reach the difference; own less a reference: Student's t of the jackknife",
        "p_adjusted": MATRIX["p_holm"],
        "n": "candidates that have all numbers that it takes",
        "note": "what keeps a number from being known, and the methods used",
        "outcome_better": "lower for a perplexity and its like, whose sign is turned",
        "outcome_words": _WORDS,
    },
    "upsets": {
        "smaller": _WHOSE["candidate"],
        "larger": "one with more parameters and a lower accuracy",
        "smaller_parameters": _WHOSE["parameters"],
        "larger_parameters": _WHOSE["parameters"],
        "lead": UPSETS["lead"],
        "ci_low": "lower end of its 95 % interval; the note says how it was made",
        "ci_high": "upper end of its 95 % interval",
        "p_adjusted": UPSETS["p_adjusted"],
        "outcome": "a score measured after post-training; a row for each",
        "gain": UPSETS["gain"],
        "gain_stderr": "its standard error, both scores taken for independent; empty where one has none",
        "came_true": "whether the gain is above 0; empty where it is unknown or 0",
        "note": "how the interval of the lead was made",
        "outcome_words": _WORDS,
    },
    "families": {
        "candidate": "name of the model; the first two columns are a file that `correlate --families` reads",
        "family": "as you said, else as proposed",
        "proposed": "what is kin by weights, by kind of model and tokenizer, or by kind and name, directly or through "
        "others",
        "by": KIN["by"],
        "model_type": "kind of model, as its config has it",
        "vocabulary": "hash of the tokenizer's ordinary tokens and their ids",
        "nearest": "the candidate whose weights are most alike; empty where none has matrices of one name and shape",
        "cosine": KIN["cosine"],
        "weights_hash": _WHOSE["weights_hash"],
    },
    "wordings": {
        **{name: _WHOSE[name] for name in ("suite", "protocol", "metric", "candidate")},
        "wording": "how pairs are put to the candidate: plain, another by its name, or another draw of exemplars",
        "value": WORDINGS["value"],
        "place": "1 + the candidates that are above it in that wording",
        "averaged": WORDINGS["averaged"],
        "averaged_rank": "place by the average",
        "ci_low": "95 % of the average; over clusters of pairs",
        "ci_high": "its other end, made alike",
        "p_adjusted": RANKING["p_adjusted"],
        "n_pairs": "pairs that every candidate has scored in every wording",
        "n_clusters": "clusters that these are of",
    },
    "predictors": {
        "candidate": _WHOSE["candidate"],
        "predictor": "its own line among the predictors says how it is made",
        "value": "as its line among the predictors says",
        "ci_low": "95 % over clusters of pairs or traces; the method stands beside the predictor's values",
        "ci_high": "its other end, made alike",
    },
    "pairs": {
        **{name: _WHOSE[name] for name in ("suite", "protocol", "metric", "pair_id", "domain")},
        **{name: _WHOSE[name] for name in ("subcategories", "violated")},
        "model": "rasch: Rasch with shrinkage; 2pl: two parameters, from 100 candidates on",
        "passed": "candidates that prefer the chosen response; a tie counts ½",
        "n_candidates": "candidates that scored the pair",
        "difficulty": TRIAL["difficulty"],
        "difficulty_se": "posterior standard deviation of the difficulty, logits",
        "discrimination": TRIAL["discrimination"],
        "slope": TRIAL["slope"],
        "slope_se": "standard error of the slope, from the curvature at the mode",
        "p_value": TRIAL["p_value"],
        "q_value": TRIAL["q_value"],
        "information": TRIAL["information"],
        "findings": "reversed (q at most 0.05), suspect (every strong candidate fails it clearly), all pass, all fail",
        "noted": "flags and exclusions with their reasons",
    },
    "abilities": {
        **{name: _WHOSE[name] for name in ("suite", "protocol", "metric", "candidate")},
        "model": "rasch: abilities in logits; 2pl: in standard deviations of the candidates",
        "ability": TRIAL["ability"],
        "ability_se": "standard error, robust to likeness within clusters (2pl: from the information)",
        "strong": "whether it is of the abler third and surely above chance (one-sided 95 %)",
    },
    "topics": {
        **{name: _WHOSE[name] for name in ("suite", "protocol", "metric", "candidate")},
        "by": "what the pairs are split by: category, subcategory or domain",
        "response": "wins: logits by Rasch; margins: in units of the candidate's own root mean square margin",
        "topic": f"the category, subcategory or domain; overall: {TOPICS['overall']}",
        "ability": TOPICS["ability"],
        "error": "standard deviation of what is left uncertain of it",
        "ci_low": TOPICS["interval"],
        "ci_high": "its other end, made alike",
        "shift": "ability less the candidate's overall",
        "shift_low": "95 %, made as that of the ability",
        "shift_high": "its other end, made alike",
        "raw": TOPICS["raw"],
        "raw_error": "standard error of that",
        "place_low": TOPICS["places"],
        "place_high": "the other end of its places",
        "n_pairs": "pairs of the topic; one of several topics counts in each",
        "n_clusters": "clusters that these are of",
        "between": TOPICS["between"],
        "between_low": "the lower end of its 95 % interval",
        "between_high": "the upper end",
        "note": "why something could not be estimated",
    },
    "spectra": {
        "candidate": "name of the model, with its hash where two of one name have been measured",
        "weights_hash": _WHOSE["weights_hash"],
        "tensor": "name of the weight matrix",
        "layer": LAYERS["layer"],
        "rows": "of the matrix",
        "columns": "of the matrix",
        "alpha": LAYERS["alpha"] + " by maximum likelihood; empty where too few differ",
        "from_two": LAYERS["from_two"],
        "alpha_hat": LAYERS["alpha_hat"],
        "trace_log": LAYERS["trace_log"],
        "largest": "largest eigenvalue of WᵀW",
        "least": "eigenvalue at which the tail begins",
        "n_tail": "eigenvalues in the tail",
        "distance": "Kolmogorov–Smirnov distance of tail and power law",
    },
}
"""By table and column."""

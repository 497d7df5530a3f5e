"""`rude-tui models`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rude_tui.options import as_json, database, served_of, served_options, store_of
from rude_tui.output import narrate, print_json, print_table

if TYPE_CHECKING:
    from engine.candidates.find import Candidate
    from engine.store.connection import Store

__all__ = ["models"]


@click.command()
@click.argument("where", nargs=-1, metavar="[PATH|HUB_ID|ADDRESS ...]")
@click.option(
    "--hash/--no-hash", "with_hash", default=True, help="Hash the weights (remembered; the first time takes a while)."
)
@click.option("--device", default="auto", show_default=True, help="Where it should fit: auto, cpu, cuda[:N|:all].")
@click.option(
    "--allow-remote-code", multiple=True, metavar="MODEL", help="Do not refuse this model for wanting its own code."
)
@served_options
@as_json
@database
@click.pass_context
def models(
    ctx: click.Context, where: tuple[str, ...], with_hash: bool, device: str, tokenizer: str | None,
    key_variable: str | None, allow_remote_code: tuple[str, ...], as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Look at base models without loading them: folders, folders of folders, GGUF files, hub ids, and models of
    servers (http://HOST:PORT/v1#NAME), which are tried.

    What `rude-tui predictors base` has measured stands among the problems, beside the note on a chat template.

    A hub id that is not in the Hugging Face cache is downloaded. Without arguments: the bundled models and the cache.
    """
    from data.bundled import bundled_models
    from engine.candidates.find import find, hub_cache
    from engine.candidates.hashing import faults_in
    from engine.candidates.problems import Problem
    from engine.candidates.untrusted import shown
    from engine.jobs.looking import looked_at
    from engine.machine.devices import resolve_device
    from engine.machine.paths import digest_dir
    from engine.machine.precision import fits
    from rubrics.errors import CandidateError, Exit
    from rude_tui.downloads import downloader

    target = resolve_device(device)
    fetch, served = downloader(allow_remote_code), served_of(where, tokenizer, key_variable)
    candidates = find(where, allow_remote_code=allow_remote_code, fetch=fetch, served=served) if where else []
    if not where:
        candidates = [*find([str(path) for path in bundled_models()]), *hub_cache()]
    candidates = looked_at(candidates)
    _keep_doubts(store_of(db), candidates)
    said = _said_of_bases(store_of(db))
    rows: list[dict[str, Any]] = []
    names: dict[object, str] = {}
    for candidate in candidates:
        fit = fits(candidate, target) if candidate.usable else None
        problems = list(candidate.problems)
        seen = {problem.what for problem in problems}
        # What fits nowhere is not scored, so nothing is kept under its hash.
        hashes = None
        if with_hash and fit is not None and fit.precision is not None and candidate.served is None:
            try:
                hashes = _hashes(candidate)
                if (note := faults_in(candidate.path, remembered=digest_dir()).note) and note not in seen:
                    problems.append(Problem("noted", False, note, "compare its files with their source"))
            except CandidateError as error:
                fit = None
                problems.append(Problem("unfit", True, str(error).split("\n")[0], error.fix))
        if hashes is not None and (same := names.setdefault(hashes, candidate.name)) != candidate.name:
            what = f"has the weights, tokenizer and config of {same}: one candidate with two names"
            problems.append(Problem("same", False, what, "name one of them"))
        if hashes is not None and hashes[0] in said:
            problems.append(Problem("base", False, f"measured: {said[hashes[0]]}", "rude-tui predictors base"))
        rows.append({
            "name": candidate.name, "path": shown(candidate.place, 4096), "architecture": candidate.architecture,
            "parameters": candidate.parameters, "bytes": candidate.weight_bytes, "dtype": candidate.dtype,
            "context": candidate.context, "tokenizer": candidate.tokenizer,
            "weights_hash": hashes[0] if hashes else None,
            "fits_as": fit.precision if fit else None, "why": fit.reason if fit else None,
            "problems": [{"code": p.code, "refused": p.refused, "what": p.what, "fix": p.fix} for p in problems],
        })  # fmt: skip
        if with_hash and fit is not None and fit.precision is None:
            narrate(f"{candidate.name}: {fit.reason}; its weights are not hashed")
    if as_json:
        print_json(rows)
    else:
        print_table(
            ["name", "parameters", "size", "dtype", "context", "architecture", "fits as", "hash", "problems"],
            [
                [
                    r["name"], f"{r['parameters']:,}", f"{r['bytes'] / 1e6:,.1f} MB", r["dtype"], r["context"],
                    r["architecture"], r["fits_as"] or "–", (r["weights_hash"] or "–")[:12],
                    "; ".join(("refused: " if p["refused"] else "") + p["what"] for p in r["problems"]) or "–",
                ]
                for r in rows
            ],
            right=["parameters", "size", "context"],
        )  # fmt: skip
        for row in rows:
            narrate(*(f"{row['name']}: {p['what']} → {p['fix']}" for p in row["problems"] if p["refused"]))
    if rows and all(any(problem["refused"] for problem in row["problems"]) for row in rows):
        ctx.exit(Exit.BAD_INPUT)


def _keep_doubts(store: Store, candidates: list[Candidate]) -> None:
    """What is seen here speaks for or against runs stored earlier, where there are any."""
    from engine.jobs.doubts import keep_doubts
    from rubrics.errors import RudeError

    if os.path.exists(store.path):
        try:
            keep_doubts(store, candidates)
        except RudeError as error:
            narrate(f"note: stored runs were not held against this: {error.what}")


def _said_of_bases(store: Store) -> dict[str, str]:
    """By hash of the weights, whether it is a base, as far as that has been measured."""
    from engine.predictors.assays.base import BASE
    from engine.predictors.assays.measured import said_of

    return said_of(store, BASE) if os.path.exists(store.path) else {}


def _hashes(candidate: Candidate) -> tuple[str, str, str]:
    """Of weights, tokenizer and config; says how far it is where it takes longer than a moment."""
    from engine.candidates.hashing import config_hash, tokenizer_hash, weights_hash
    from engine.jobs.progress import Throttle
    from engine.machine.paths import digest_dir
    from engine.machine.sizes import human_bytes

    throttle = Throttle(hz=0.5)
    throttle.ready()

    def told(done: int, total: int) -> None:
        if throttle.ready():
            narrate(f"{candidate.name}: hashing, {human_bytes(done)} of {human_bytes(total)} of its weights read")

    weights = weights_hash(candidate.path, told, remembered=digest_dir())
    return weights, tokenizer_hash(candidate.path), config_hash(candidate.path)

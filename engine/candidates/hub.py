"""The Hugging Face cache on this machine, and getting a model into it; torch and transformers stay out.

The cache's layout is huggingface_hub's: `models--ORG--NAME/snapshots/COMMIT/…`, with `refs/BRANCH` naming a commit.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from engine.candidates.gguf_header import SUFFIX, is_first_part
from engine.candidates.headers import INDEX, SINGLE, HeaderFault, weight_files
from engine.candidates.problems import has_pickled
from engine.candidates.untrusted import shown
from rubrics.counted import count
from rubrics.errors import CandidateError

__all__ = [
    "Snapshot",
    "cache_folder",
    "cached",
    "fetch",
    "is_hub_id",
    "snapshot_of",
    "snapshots",
    "tokenizer_folder",
    "whole",
]

_ID = re.compile(r"(?P<repo>\w[\w.-]*(/\w[\w.-]*)?)(@(?P<revision>\w[\w./-]*))?", re.ASCII)

_WANTED = (
    "config.json",
    "generation_config.json",
    "adapter_config.json",
    "*.safetensors",
    "*.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "chat_template.json",
)
_UNWANTED = ("*/*", "consolidated*", "adapter_model*", "model.*.safetensors")
"""Copies of the same weights in another layout or precision, and everything in subfolders."""

_TOKENIZERS = frozenset({"tokenizer.json", "tokenizer.model", "vocab.json"})

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all, from any thread."""


class Snapshot(NamedTuple):
    """One revision of one model in the cache."""

    repo: str
    revision: str
    path: Path


def cache_folder() -> Path:
    """Where huggingface_hub keeps models, by the same variables, read now and not when first imported."""
    folder = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if not folder:
        home = os.environ.get("HF_HOME")
        if not home:
            home = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache"), "huggingface")
        folder = os.path.join(home, "hub")
    return Path(os.path.expandvars(os.path.expanduser(folder)))


def is_hub_id(text: str) -> bool:
    """Whether this could be `ORG/MODEL`, `MODEL` or either with `@REVISION`."""
    return ".." not in text and "--" not in text and len(text) <= 200 and _ID.fullmatch(text) is not None


def _parts(hub_id: str) -> tuple[str, str]:
    match = _ID.fullmatch(hub_id)
    if match is None or not is_hub_id(hub_id):
        raise CandidateError("not a Hugging Face model id", where=shown(hub_id), fix="write ORG/MODEL or ORG/MODEL@REV")
    return match["repo"], match["revision"] or "main"


def snapshot_of(folder: Path) -> Snapshot | None:
    """Which revision of which model a folder is, if it lies in a cache."""
    real = Path(os.path.realpath(folder))
    repo = real.parent.parent.name
    if real.parent.name != "snapshots" or not repo.startswith("models--"):
        return None
    return Snapshot(repo.removeprefix("models--").replace("--", "/", 1), real.name, folder)


def snapshots(cache: Path | None = None) -> list[Snapshot]:
    """Every revision of every model in the cache, sorted by name; of one model, the `main` one first."""
    cache = cache or cache_folder()
    revisions = []
    for repo in sorted(_subfolders(cache)):
        if repo.name.startswith("models--"):
            main = _ref(repo, "main")
            inside = sorted(_subfolders(repo / "snapshots"), key=lambda path: (path.name != main, path.name))
            name = repo.name.removeprefix("models--").replace("--", "/", 1)
            revisions += [Snapshot(name, path.name, path) for path in inside]
    return revisions


def cached(hub_id: str, cache: Path | None = None) -> Path | None:
    """The folder of a model in the cache, None if it is not there. A revision may be shortened as far as it is clear.

    Without one: what `main` is known to be; the newest where nothing is known of `main`.
    """
    repo, revision = _parts(hub_id)
    folder = (cache or cache_folder()) / ("models--" + repo.replace("/", "--"))
    inside = folder / "snapshots"
    known = _ref(folder, revision)
    for commit in (known, revision):
        if commit and (inside / commit).is_dir():
            return inside / commit
    if "@" in hub_id:
        alike = [path for path in _subfolders(inside) if len(revision) >= 4 and path.name.startswith(revision)]
        return alike[0] if len(alike) == 1 else None
    if known:
        return None
    return max(_subfolders(inside), key=lambda path: path.stat().st_mtime_ns, default=None)


def whole(hub_id: str, fetch: Callable[[str], Path] | None = None) -> Path:
    """The folder of a model in the cache with all that scoring needs; fetched as far as it is not there.

    Args:
        fetch: called with the id where something is missing; gives its folder.

    Raises:
        CandidateError: something is missing, and cannot be fetched.
    """
    snapshot = cached(hub_id)
    lacks = _lacks(snapshot) if snapshot is not None else ""
    if snapshot is not None and not lacks:
        return snapshot
    repo, _ = _parts(hub_id)
    others = [other.revision for other in snapshots() if other.repo == repo]
    if lacks:
        what = f"its copy in the Hugging Face cache is not whole: it lacks {lacks}"
    elif others:
        named = hub_id.partition("@")[2] or "main"
        what = f"revision {named} is not in the Hugging Face cache, only {', '.join(name[:12] for name in others[:3])}"
    else:
        what = "no such folder, and no such model in the Hugging Face cache"
    if fetch is not None:
        try:
            return fetch(hub_id)
        except CandidateError as error:
            if snapshot is None and not others:
                raise
            fix = f"{error.fix}, or name one that is here: {repo}@{others[0][:12]}" if not lacks else error.fix
            why = error.what.removeprefix("is not in the Hugging Face cache, and ")
            raise CandidateError(f"{what}, and {why}", where=hub_id, fix=fix) from None
    raise CandidateError(
        what, where=hub_id, fix="check the path, or fetch the model first", shell="rude-tui models ORG/MODEL"
    )


def _lacks(snapshot: Path) -> str:
    """What is missing of a model that was fetched in part; empty where nothing is, or where it is no such model."""
    names = {path.name for path in snapshot.iterdir() if path.exists()}
    if "adapter_config.json" in names or has_pickled(names):
        return ""
    if {SINGLE, INDEX}.isdisjoint(names) and any(map(is_first_part, names)):
        return ""
    if "config.json" not in names:
        return "config.json"
    if SINGLE not in names:
        try:
            shards = [file.name for file in weight_files(snapshot)]
        except HeaderFault:
            shards = []
        if lost := next((name for name in shards if name not in names), SINGLE * (not shards)):
            return shown(lost, 80)
    return "its tokenizer" if _TOKENIZERS.isdisjoint(names) else ""


def _subfolders(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_dir()]
    except OSError:
        return []


def _ref(repo: Path, revision: str) -> str | None:
    try:
        commit = (repo / "refs" / revision).read_text(encoding="ascii")[:100].strip()
    except (OSError, ValueError):
        return None
    return commit if re.fullmatch(r"[0-9a-f]{7,64}", commit) else None


def fetch(hub_id: str, progress: Progress | None = None, *, allow_remote_code: bool = False) -> Path:
    """Download a model's config, tokenizer and safetensors into the cache; what is there already is kept.

    Pickled weights are never fetched, Python files only where remote code is allowed.

    Args:
        progress: called with bytes done and bytes in all.

    Raises:
        CandidateError: no network, no such model, no access to it, no safetensors in it, or no room on the disk.
    """
    from httpx2 import HTTPError
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    repo, revision = _parts(hub_id)
    options: dict[str, Any] = {
        "cache_dir": cache_folder(),
        "allow_patterns": [*_WANTED, "*.py"] if allow_remote_code else list(_WANTED),
        "ignore_patterns": list(_UNWANTED),
    }
    try:
        plan = snapshot_download(repo, revision=revision, dry_run=True, **options, tqdm_class=_bar(None, 0))
        if not any(file.filename.endswith((".safetensors", "adapter_config.json")) for file in plan):
            if files := _gguf_names(repo, revision):
                raise CandidateError(
                    f"has its weights as GGUF only, in {count(len(files), 'file')} ({shown(files[0], 80)}, …)",
                    where=hub_id,
                    fix="fetch the one that is wanted, and name that file",
                    shell=f"hf download {repo} {shown(files[0], 80)}",
                )
            raise CandidateError(
                "holds no safetensors weights",
                where=hub_id,
                fix="pickled weights can run code and are never fetched; look for a safetensors version of the model",
            )
        total = sum(file.file_size or 0 for file in plan if file.will_download)
        return Path(snapshot_download(repo, revision=revision, **options, tqdm_class=_bar(progress, total)))
    except (HTTPError, OSError, HFValidationError) as error:
        raise _explained(hub_id, error) from error


def tokenizer_folder(hub_id: str, *, may_fetch: bool) -> Path:
    """A folder with the tokenizer and config of a model of the hub: the one in the cache, or fetched without weights.

    Raises:
        CandidateError: it is not in the cache, and may not or cannot be fetched.
    """
    from httpx2 import HTTPError
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    folder = cached(hub_id)
    if folder is not None and any((folder / name).exists() for name in _TOKENIZERS):
        return folder
    if not may_fetch:
        raise CandidateError(
            "its tokenizer is not in the Hugging Face cache", where=hub_id, fix="name a folder that holds it"
        )
    repo, revision = _parts(hub_id)
    patterns = [name for name in _WANTED if "safetensors" not in name]
    try:
        return Path(
            snapshot_download(
                repo, revision=revision, cache_dir=cache_folder(), allow_patterns=patterns, tqdm_class=_bar(None, 0)
            )
        )
    except (HTTPError, OSError, HFValidationError) as error:
        raise _explained(hub_id, error) from error


def _gguf_names(repo: str, revision: str) -> list[str]:
    """GGUF files in a repository of the hub; they are fetched one by one, since each is a whole model."""
    from huggingface_hub import HfApi

    return sorted(name for name in HfApi().list_repo_files(repo, revision=revision) if name.endswith(SUFFIX))


def _explained(hub_id: str, error: Exception) -> CandidateError:
    """The one line a person needs about a failed download."""
    from httpx2 import HTTPError
    from huggingface_hub.errors import (
        DryRunError,
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    # These two only wrap what really happened.
    wrapped = error.__cause__ if isinstance(error, DryRunError | LocalEntryNotFoundError) else None
    cause = wrapped if isinstance(wrapped, Exception) else error
    if isinstance(cause, GatedRepoError):
        return CandidateError(
            "access to it must be asked for",
            where=hub_id,
            fix=f"accept its terms at huggingface.co/{hub_id.split('@')[0]}, then `hf auth login`",
        )
    if isinstance(cause, RepositoryNotFoundError):
        return CandidateError(
            "no such model on the Hugging Face hub, or no access to it", where=hub_id, fix="check the name"
        )
    if isinstance(cause, RevisionNotFoundError):
        return CandidateError("has no such revision", where=hub_id, fix="check what stands after the @")
    if isinstance(cause, OfflineModeIsEnabled):
        return CandidateError(
            "is not in the Hugging Face cache, and offline mode is on",
            where=hub_id,
            fix="unset HF_HUB_OFFLINE and ask again, or give a model folder",
        )
    if isinstance(cause, HfHubHTTPError):
        return CandidateError(
            f"the Hugging Face hub answered {shown(cause)}", where=hub_id, fix="try again later, or give a model folder"
        )
    if isinstance(cause, OSError) and cause.errno is not None and not isinstance(cause, ConnectionError):
        return CandidateError(f"cannot be stored ({cause.strerror})", where=hub_id, fix=f"look at {cache_folder()}")
    if isinstance(cause, HTTPError | OSError):
        return CandidateError(
            "is not in the Hugging Face cache, and the hub cannot be reached",
            where=hub_id,
            fix="connect to a network, or give a model folder",
        )
    return CandidateError(shown(cause), where=hub_id, fix="write ORG/MODEL or ORG/MODEL@REV")


def _bar(progress: Progress | None, total: int) -> type[Any]:
    """A progress bar for huggingface_hub that draws nothing and tells `progress` the bytes written so far."""
    lock = threading.Lock()

    class Bar:
        def __init__(self, *_: object, **options: Any) -> None:
            self.n = 0
            self.total = options.get("total") or 0
            self.format_dict: dict[str, Any] = {}
            # Of its three bars (network, disk, files) the one for the disk counts what is really there.
            self._reports = progress is not None and str(options.get("desc", "")).startswith("Reconstruct")

        def update(self, n: float | None = 1) -> None:
            with lock:
                self.n += int(n or 0)
                if self._reports and progress is not None:
                    progress(min(self.n, total), total)

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def _nothing(self, *_: object, **__: object) -> None:
            pass

        close = refresh = set_description = set_description_str = set_postfix_str = _nothing

    return Bar

"""The Hugging Face cache and downloads into it, against a small hub of our own on loopback."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.candidates import hub
from engine.candidates.find import find
from engine.candidates.hub import cache_folder, cached, fetch, is_hub_id, snapshot_of, snapshots, whole
from rubrics.errors import CandidateError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """The three answers that a download needs: which commit, which files, and the files."""

    files: ClassVar[dict[str, bytes]] = {}
    status: ClassVar[int] = 200
    code: ClassVar[str] = ""
    got: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        if self.status != 200:
            self._answer(b"", self.status, {"X-Error-Code": self.code} if self.code else {})
        elif "/tree/" in self.path:
            tree = [{"type": "file", "path": n, "size": len(b), "oid": _oid(b)} for n, b in self.files.items()]
            self._answer(json.dumps(tree).encode())
        elif self.path.startswith("/api/models/"):
            self._answer(json.dumps({"id": "org/model", "sha": COMMIT, "siblings": []}).encode())
        elif found := re.fullmatch(r"/org/model/resolve/[^/]+/([^?]+).*", self.path):
            content = self.files[found[1]]
            if self.command == "GET":
                self.got.append(found[1])
            self._answer(content, headers={"ETag": f'"{_oid(content)}"', "X-Repo-Commit": COMMIT})
        else:
            self._answer(b"", 404)

    do_HEAD = do_GET

    def _answer(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    class Own(Hub):
        files: ClassVar[dict[str, bytes]] = {
            "config.json": b'{"model_type": "llama"}',
            "tokenizer.json": b'{"model": {"vocab": {"a": 0}}}',
            "model.safetensors": b"x" * 100_000,
            "model.fp16.safetensors": b"x",
            "consolidated.safetensors": b"x",
            "pytorch_model.bin": b"x",
            "modeling_own.py": b"x",
            "original/model.safetensors": b"x",
            "README.md": b"x",
        }
        got: ClassVar[list[str]] = []

    running = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    # huggingface_hub reads its settings once, at import; a test cannot give them by the environment.
    place = f"http://127.0.0.1:{running.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", place)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", place + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    close_session()
    yield Own
    close_session()
    running.shutdown()
    running.server_close()
    thread.join()


def test_only_what_is_needed_is_fetched(server: type[Hub]) -> None:
    seen: list[tuple[int, int]] = []
    folder = fetch("org/model", lambda done, total: seen.append((done, total)))
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert sorted(server.got) == ["config.json", "model.safetensors", "tokenizer.json"]
    total = sum(len(server.files[name]) for name in server.got)
    assert seen == sorted(seen)
    assert seen[-1] == (total, total)
    assert cached("org/model") == folder
    assert snapshot_of(folder) == ("org/model", COMMIT, folder)
    assert [snapshot.repo for snapshot in snapshots()] == ["org/model"]


def test_a_second_time_nothing_is_fetched(server: type[Hub]) -> None:
    folder = fetch("org/model")
    server.got.clear()
    assert fetch("org/model") == folder
    assert server.got == []


def test_code_comes_only_where_it_is_allowed(server: type[Hub]) -> None:
    assert "modeling_own.py" in [path.name for path in fetch("org/model", allow_remote_code=True).iterdir()]


def test_find_fetches_what_is_not_there(server: type[Hub]) -> None:
    (found,) = find(["org/model"], fetch=fetch)
    assert (found.name, found.revision) == ("org/model", COMMIT)
    assert [problem.code for problem in found.problems] == ["unsafe_header"]


def test_pickled_weights_are_not_fetched(server: type[Hub]) -> None:
    for name in [name for name in server.files if name.endswith(".safetensors")]:
        server.files.pop(name)
    with pytest.raises(CandidateError, match="no safetensors"):
        fetch("org/model")
    assert server.got == []


@pytest.mark.long
@pytest.mark.parametrize(
    "status, code, word",
    [
        (404, "RepoNotFound", "no such model"),
        (403, "GatedRepo", "asked for"),
        (404, "RevisionNotFound", "no such revision"),
        (500, "", "answered"),
    ],
)
def test_what_the_hub_refuses(server: type[Hub], status: int, code: str, word: str) -> None:
    server.status, server.code = status, code
    with pytest.raises(CandidateError, match=word) as caught:
        fetch("org/model@main")
    assert caught.value.exit_code == 3
    assert caught.value.fix
    assert "\n" not in caught.value.what


def test_no_network_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    close_session()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(CandidateError, match="cannot be reached") as caught:
        fetch("org/model")
    close_session()
    assert "\n" not in caught.value.what


def test_offline_mode_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    close_session()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(CandidateError, match="offline mode"):
        fetch("org/model")
    close_session()


@pytest.mark.parametrize(
    "rubbish", ["", "/", "a/b/c", "../x", "a--b/c", "a b", "org/", "@x", "org/m@", "x" * 300, "a\n"]
)
def test_what_is_no_id(rubbish: str) -> None:
    assert not is_hub_id(rubbish)
    with pytest.raises(CandidateError, match="not a Hugging Face model id"):
        fetch(rubbish)


@given(st.text(max_size=30))
@pytest.mark.long
def test_any_text_is_an_id_or_not_and_stays_in_the_cache(text: str) -> None:
    if is_hub_id(text):
        assert cached(text) is None


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"HF_HUB_CACHE": "~/a/$PART"},
        {"HUGGINGFACE_HUB_CACHE": "/b"},
        {"HF_HOME": "/c"},
        {"XDG_CACHE_HOME": "/d"},
        {"HF_HUB_CACHE": "/e", "HF_HOME": "/f"},
    ],
)
def test_the_folder_is_the_one_that_huggingface_hub_takes(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    import importlib.util

    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PART", "part")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    import huggingface_hub.constants

    # A second copy of the module, which reads the environment as it is now.
    spec = importlib.util.spec_from_file_location("constants_now", huggingface_hub.constants.__file__)
    assert spec is not None
    assert spec.loader is not None
    now = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(now)
    assert cache_folder() == Path(now.HF_HUB_CACHE)


def test_a_cache_of_odd_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    repo = tmp_path / "models--org--model"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_bytes(b"../../../etc\xff")
    assert hub.snapshots() == []
    assert cached("org/model") is None
    (repo / "snapshots" / "abc1234").mkdir(parents=True)
    assert cached("org/model") == repo / "snapshots" / "abc1234"
    assert cached("org/model@other") is None


def snapshot(repo: str, commit: str, *names: str, main: str = "") -> Path:
    root = cache_folder() / f"models--{repo.replace('/', '--')}"
    folder = root / "snapshots" / commit
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("{}")
    if main:
        (root / "refs").mkdir()
        (root / "refs" / "main").write_text(main)
    return folder


WHOLE = ("config.json", "tokenizer.json", "model.safetensors")


def test_a_copy_that_is_not_whole_is_completed(server: type[Hub]) -> None:
    snapshot("org/model", COMMIT, "tokenizer.json", main=COMMIT)
    folder = whole("org/model", fetch)
    assert sorted(server.got) == ["config.json", "model.safetensors"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(WHOLE)


@pytest.mark.parametrize("lost", WHOLE)
def test_offline_it_is_said_what_a_copy_lacks(lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    snapshot("org/model", COMMIT, *set(WHOLE) - {lost}, main=COMMIT)
    with pytest.raises(CandidateError, match=f"not whole: it lacks .*{lost.split('.')[0]}.*, and offline mode is on"):
        whole("org/model", fetch)


def test_a_link_into_the_void_is_a_file_that_is_not_there() -> None:
    folder = snapshot("org/model", COMMIT, "config.json", "tokenizer.json", main=COMMIT)
    (folder / "model.safetensors").symlink_to("../../blobs/gone")
    with pytest.raises(CandidateError, match=r"lacks model\.safetensors"):
        whole("org/model")


def test_another_revision_than_main_is_never_taken_for_it() -> None:
    folder = snapshot("org/model", COMMIT, *WHOLE, main="f" * 40)
    with pytest.raises(CandidateError, match="revision main is not in the Hugging Face cache") as caught:
        whole("org/model", fetch)
    named = f"org/model@{COMMIT[:12]}"
    assert named in caught.value.fix
    assert whole(named) == folder


def test_a_shortened_revision_is_one_if_it_is_clear() -> None:
    folder = snapshot("org/model", "abcd1" + "0" * 35, *WHOLE)
    snapshot("org/model", "abcd2" + "0" * 35, *WHOLE)
    assert cached("org/model@abcd1") == folder
    assert cached("org/model@abcd") is None

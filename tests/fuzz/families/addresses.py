"""What a person types to name a server's model or a cluster, and what is said at such a place of itself."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from tests.fuzz.families.answers import Pretended
from tests.fuzz.family import Case, Family, NotValid, Unsure, pick, strict_json
from tests.fuzz.mutation import Mutator

__all__ = ["FAMILIES"]

_KEY: Final = "sk-3141592653589793238462643383279502884"
_PASSWORD: Final = "hunter2-2718281828459045"
_VARIABLE: Final = "RUDE_TUI_FUZZ_KEY"
_MODELS: Final = {
    "object": "list",
    "data": [
        {"id": "cand", "object": "model", "owned_by": "vllm", "root": "/models/cand", "max_model_len": 2048},
        {"id": "org/other-7b", "object": "model", "owned_by": "vllm", "root": "org/other-7b", "max_model_len": 64},
    ],
}
_HOST: Final = r"[A-Za-z0-9]([A-Za-z0-9-]{0,60}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,60}[A-Za-z0-9])?)*"
_ADDRESS: Final = re.compile(
    rf"(https?://(?P<host>{_HOST})(:(?P<port>[0-9]{{1,5}}))?(/[A-Za-z0-9._/-]*)?)#(?P<model>.+)"
)


def _pieces(secret: str) -> set[str]:
    return {secret[at : at + 12] for at in range(len(secret) - 11)}


def _without_secrets(*texts: object) -> None:
    for text in map(str, texts):
        assert not any(piece in text for piece in _pieces(_KEY)), f"the key is in {text[:300]!r}"


def _hidden(text: str) -> bool:
    """Whether the password stands where it can be told from a host and from the name of a model."""
    head, _, model = text.partition("#")
    as_host = re.fullmatch(rf"(https?:/*)+{_PASSWORD}([:/].*)?", head, re.IGNORECASE)
    return _PASSWORD not in model and ("@" in head or as_host is None)


class Servers(Family):
    """`served_candidate`: an address, a variable for the key, and what the server there says it serves."""

    name = "server addresses"
    share = 2.0

    def prepare(self, home: Path) -> None:
        import httpx2

        from engine.candidates import served

        family, real = self, served.Server

        class Scripted(real):  # type: ignore[misc, valid-type]
            """The real one, whose requests go to the case at hand."""

            def __init__(self, *given: Any, **named: Any) -> None:
                super().__init__(*given, **named)
                headers = self._client.headers
                self._client = httpx2.AsyncClient(transport=httpx2.MockTransport(family._answer), headers=headers)

        served.Server = Scripted
        served._PATIENCE = served.Patience(timeout=5.0, attempts=2, pause=0.0)
        os.environ[_VARIABLE] = _KEY

    def make(self, change: Mutator) -> Case:
        chance = change.chance
        parts = [
            pick(chance, (8, "http://"), (3, "https://"), (1, "http:/"), (1, "HTTP://")),
            pick(chance, (9, ""), (1, f"me:{_PASSWORD}@"), (1, f"{_PASSWORD}@"), (1, "@")),
            pick(chance, (9, "127.0.0.1"), (3, "gpu-box"), (1, "[::1]"), (1, "a..b"), (1, ""), (1, "bücher.example")),
            pick(chance, (9, ":8000"), (2, ""), (1, ":"), (1, ":0"), (1, ":65536"), (1, ":٣")),
            pick(chance, (9, "/v1"), (2, "/v1/"), (1, ""), (1, "/v1?"), (1, f"/v1?key={_PASSWORD}"), (1, "/a b")),
            pick(chance, (9, "#cand"), (3, "#org/other-7b"), (1, "#"), (1, ""), (1, "#cand#cand"), (1, "#nobody")),
        ]
        text = "".join(parts)
        if chance.random() < 0.4:
            text = change.text(text)
        if not text.startswith(("http://", "https://")):
            # What begins otherwise is a folder or a hub id, and does not come here.
            text = f"http://{text}"
        raw = change.json(change.value(_MODELS))
        files = {
            "models": change.raw(raw) if chance.random() < 0.2 else raw,
            "version": change.json(change.value({"version": "0.32.0"})),
        }
        status = pick(chance, (9, 200), (1, 401), (1, 404), (1, 429), (1, 500), (1, 204))
        variable = pick(chance, (6, ""), (3, _VARIABLE), (1, "RUDE_TUI_NOT_SET"), (1, _KEY), (1, "a=b\x1b[31m"))
        return Case(files, {"address": text, "status": status, "variable": variable})

    def _answer(self, request: Any) -> Any:
        import httpx2

        self.asked.append(request)
        at_models = str(request.url).endswith("/models")
        content = self.case.files["models" if at_models else "version"]
        if self.case.asked["status"] != 200:
            content = f"no: {request.headers.get('authorization', '')}".encode() + content
        return httpx2.Response(self.case.asked["status"], content=content)

    def enter(self, case: Case, folder: Path) -> Any:
        from engine.candidates.address import ServedAs
        from engine.candidates.find import inspect
        from engine.candidates.served import served_candidate
        from rubrics.errors import RudeError

        self.case, self.asked = case, list[Any]()
        said = ServedAs(case.asked["address"], "", case.asked["variable"])
        try:
            candidate = served_candidate(said, inspect, may_fetch=False)
        except RudeError as error:
            _without_secrets(error)
            assert not _hidden(case.asked["address"]) or _PASSWORD not in str(error), "the password is in what is said"
            raise
        return candidate, self.asked

    def model(self, case: Case) -> re.Match[str]:
        """The address taken apart.

        Raises:
            NotValid: it may not be taken.
        """
        text = case.asked["address"]
        if any(not character.isprintable() for character in text):
            raise NotValid("a character that cannot be seen")
        if len(text) > 2_000:
            raise NotValid("more than an address has")
        head, hash, name = text.partition("#")
        if "@" in head or "?" in head or not hash or not name:
            raise NotValid("a user, a query, or no model")
        match = _ADDRESS.fullmatch(text)
        if match is None:
            raise Unsure("a host or path that not everybody takes")
        if match["host"].lower() in ("http", "https"):
            raise NotValid("a scheme twice")
        if int(match["port"] or 80) > 65_535:
            raise NotValid("no port")
        return match

    def judge(self, case: Case, got: Any) -> str:
        candidate, asked = got
        served = candidate.served
        shown = [candidate.name, served.root, served.engine, served.version, candidate.path, *self._said(candidate)]
        _without_secrets(*shown, served.address)
        try:
            match = self.model(case)
        except NotValid as fault:
            return f"taken, though it holds {fault}"
        except Unsure:
            return ""
        if served.address != f"{match[1].rstrip('/')}#{match['model']}":
            return f"{case.asked['address']!r} became {served.address!r}"
        elsewhere = [request for request in asked if request.url.host != match["host"].lower()]
        if elsewhere:
            return f"{elsewhere[0].url} was asked"
        if any("authorization" in request.headers for request in asked) and case.asked["variable"] != _VARIABLE:
            return "a key was sent that nobody named"
        usable = not any(problem.code == "unreachable" for problem in candidate.problems)
        try:
            entries = strict_json(case.files["models"].decode("utf-8", "replace"), constants=True)["data"]
            listed = [entry for entry in entries if entry["id"] == match["model"]]
        except (NotValid, Unsure, LookupError, TypeError):
            return ""
        if usable and (case.asked["status"] != 200 or not listed):
            return "taken for served"
        if usable and candidate.context is not None and candidate.context + 1 != listed[0].get("max_model_len"):
            return f"{candidate.context} tokens of {listed[0]!r}"
        return ""

    def judge_refusal(self, case: Case) -> str:
        try:
            self.model(case)
        except (NotValid, Unsure):
            return ""
        return "refused, though valid"

    def _said(self, candidate: Any) -> list[str]:
        return [text for problem in candidate.problems for text in (problem.what, problem.fix)]

    def said(self, got: Any) -> str:
        return "\n".join([got[0].name, *self._said(got[0])])


def _node(number: int, gpus: int = 0) -> dict[str, Any]:
    devices = [{"kind": "cpu", "index": 0, "name": "CPU, 8 cores", "total": 64 << 30, "free": 60 << 30, "count": 1}]
    for index in range(gpus):
        size = {"total": 141 << 30, "free": 139 << 30}
        devices.append({"kind": "cuda", "index": index, "name": "NVIDIA H200", "count": 1, **size})
    return {
        "event": "node", "id": f"{number:08}", "name": f"node{number}", "cpus": 8, "gpus": gpus, "devices": devices,
        "problem": "",
    }  # fmt: skip


_SCRIPT: Final = [_node(1), _node(2, 2), {**_node(3), "devices": [], "problem": "no module"}]
_BYE: Final = {"event": "bye"}


class Clusters(Family):
    """`cluster_at` and the doctor's lines: an address, and what the nodes there say they have, through the real handle
    on a worker."""

    name = "cluster addresses"
    share = 0.5

    def prepare(self, home: Path) -> None:
        from engine.jobs import process
        from engine.jobs.cluster import machines

        # The extra need not be here: what it would find is in the case.
        machines.importlib = SimpleNamespace(util=SimpleNamespace(find_spec=lambda name: name))
        process.subprocess = SimpleNamespace(PIPE=-1, Popen=self._started)

    def _started(self, *_: Any, **__: Any) -> Pretended:
        self.begun += 1
        return Pretended(self.case.files["events"])

    def make(self, change: Mutator) -> Case:
        chance = change.chance
        host = pick(chance, (6, "head"), (3, "10.0.0.7"), (1, "ray://head"), (1, "[::1]"), (1, ""), (1, "a@b"))
        port = pick(chance, (9, ":6379"), (1, ""), (1, ":"), (1, ":0"), (1, ":65536"), (1, ":٣"), (1, ":6379/x"))
        text = pick(chance, (8, host + port), (2, "auto"), (1, "local"))
        if chance.random() < 0.25:
            text = change.text(text)
        script = change.value(_SCRIPT, 2)
        raw = change.lines([*script, _BYE] if isinstance(script, list) else script)
        return Case({"events": change.raw(raw) if chance.random() < 0.15 else raw}, {"address": text})

    def enter(self, case: Case, folder: Path) -> Any:
        from engine.jobs.cluster.checks import cluster_checks
        from engine.jobs.cluster.machines import cluster_at

        self.case, self.begun = case, 0
        checks = cluster_checks(case.asked["address"])
        if not self._is_address(case.asked["address"]):
            assert not self.begun, "a worker was started for what is no address"
        cluster = cluster_at(case.asked["address"])
        cluster.devices()
        return cluster, cluster.places("cpu", 0, None), checks

    def _is_address(self, text: str) -> bool:
        parts = text.split(":")
        if text == "auto":
            return True
        if len(parts) != 2 or not parts[0] or any(c.isspace() or not c.isprintable() or c in "/@" for c in parts[0]):
            return False
        digits = parts[1]
        return 1 <= len(digits) <= 5 and all(c in "0123456789" for c in digits) and 1 <= int(digits) <= 65_535

    def judge(self, case: Case, got: Any) -> str:
        cluster, places, checks = got
        if not self._is_address(case.asked["address"]):
            return f"{case.asked['address']!r} taken for an address"
        whole = [name for name in ("node1", "node2") if self._untouched(case, name)]
        found = [node.name for node in cluster.nodes]
        if any(name not in found for name in whole):
            return f"{whole} are well, {found} were found"
        if any(not check.ok and not check.fix for check in checks):
            return f"nothing to do about {checks}"
        at_least = sum(node.cpus // max(1, min(node.cpus for node in cluster.nodes)) for node in cluster.nodes)
        return "" if places >= 1 and (places == at_least or not all(n.cpus for n in cluster.nodes)) else f"{places}"

    def judge_refusal(self, case: Case) -> str:
        if not self._is_address(case.asked["address"]):
            return ""
        told = [json.dumps(event, sort_keys=True) for event in self._events(case)]
        unspoilt = told == [json.dumps(event, sort_keys=True) for event in (*_SCRIPT, _BYE)]
        return "refused, though two nodes are well" if unspoilt else ""

    def _events(self, case: Case) -> list[Any]:
        """A line each, None for one that cannot be read; what stands behind the last line's end is none."""
        told = []
        for line in case.files["events"].split(b"\n")[:-1]:
            try:
                told.append(strict_json(line.decode()))
            except (NotValid, Unsure, UnicodeDecodeError):
                told.append(None)
        return told

    def _untouched(self, case: Case, name: str) -> bool:
        """Whether a node is told of once, as it was before anything was spoilt."""
        told = [event for event in self._events(case) if isinstance(event, dict) and event.get("name") == name]
        node = next(node for node in _SCRIPT if node["name"] == name)
        return len(told) == 1 and json.dumps(told[0], sort_keys=True) == json.dumps(node, sort_keys=True)

    def said(self, got: Any) -> str:
        return "\n".join(f"{check.name} {check.detail} {check.remedy}" for check in got[2])


FAMILIES: list[type[Family]] = [Servers, Clusters]

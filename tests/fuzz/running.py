"""The loop: processes that make inputs, bring them to their doors and judge what comes; and what they found.

A process may die of an input, or never come back from it: it writes down the number before it begins, so that whoever
started it knows which it was, notes it as a failure and goes on behind it.
"""

from __future__ import annotations

import gc
import json
import mmap
import os
import random
import re
import resource
import select
import shutil
import signal
import struct
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.fuzz.family import Case, Family
from tests.fuzz.mutation import Mutator

__all__ = ["Failure", "Tally", "attempt", "case_of", "search"]

SECONDS_EACH: Final = "RUDE_TUI_FUZZ_SECONDS"
"""Environment variable: seconds of one processor for one input, in place of 10; more is a hang."""
_CAME: Final = ("taken", "refused", "traceback", "wrong", "hang", "memory", "wrote", "raw")
_DEAD: Final = 60.0
"""Seconds of a processor that one input may take where it cannot be interrupted, as in native code."""
_ASLEEP: Final = 900.0
"""Seconds of the clock without a new input after which a process is taken for dead, however busy the machine."""
GROWTH: Final = 600 << 20
"""Bytes that one input may add to a process."""


@dataclass(frozen=True)
class Failure:
    """An input that shows something wrong."""

    family: str
    number: int
    kind: str
    """`traceback`, `wrong`, `hang`, `memory`, `wrote`, `raw` or `died`."""
    what: str


@dataclass
class Tally:
    """What came of one family's inputs."""

    inputs: int = 0
    taken: int = 0
    refused: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


class Hang(BaseException):
    """More time than any input may take."""


def case_of(family: Family, seed: int, number: int) -> Case:
    """The input of that number; always the same."""
    return family.make(Mutator(random.Random(f"{seed}/{family.name}/{number}")))


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    signal.signal(signal.SIGVTALRM, _ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _ring(*_: object) -> None:
    raise Hang


def _listing(folder: Path) -> list[tuple[str, int, int]]:
    listed = []
    for entry in os.scandir(folder):
        status = entry.stat(follow_symlinks=False)
        listed.append((entry.name, status.st_size, status.st_mtime_ns))
    return sorted(listed)


def _memory() -> int:
    return int(Path("/proc/self/statm").read_bytes().split()[1]) * resource.getpagesize()


def _raw_codes(text: str) -> str:
    """Codes that a terminal would obey, in what is shown to a person."""
    from tests.fuzz.shown import obeyed

    return "".join(sorted(obeyed(text)))


def attempt(family: Family, case: Case, folder: Path) -> tuple[str, str]:
    """What came of one input: `taken` or `refused`, or a kind of failure and what was seen of it."""
    from rubrics.errors import RudeError
    from screens.shell.plain import plain

    for name, content in case.files.items():
        file = folder / name
        if "/" in name:
            file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    before, memory = _listing(folder), _memory()
    seconds = float(os.environ.get(SECONDS_EACH, "10"))
    try:
        with _within(seconds):
            try:
                got = family.enter(case, folder)
                came, fault, said = "taken", family.judge(case, got), family.said(got)
            except RudeError as error:
                came, fault, said = "refused", family.judge_refusal(case), error.in_shell
                if int(error.exit_code) not in (1, 3) or not error.what.strip():
                    fault = fault or f"refused without a word, or with exit code {int(error.exit_code)}"
                RudeError.of_json(json.loads(json.dumps(error.to_json())))
    except Hang:
        return "hang", f"more than {seconds:g} s of processor time\n" + traceback.format_exc(limit=-6)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return "traceback", "".join(traceback.format_exception(error, limit=-6))
    if fault:
        return "wrong", fault
    if not family.writes and _listing(folder) != before:
        return "wrote", f"{before} became {_listing(folder)}"
    if codes := _raw_codes(plain(said)):
        return "raw", f"{codes!r} in what is shown: {said[:300]!r}"
    if _memory() - memory > GROWTH:
        gc.collect()
        if _memory() - memory > GROWTH:
            return "memory", f"{(_memory() - memory) >> 20} MiB more"
    return came, ""


@dataclass
class Share:
    """What one process has to do: every `step`-th number from `first`."""

    family: Family
    seed: int
    first: int
    step: int
    end: int


def _work(share: Share, start: int, scratch: Path, progress: mmap.mmap, out: int, until: float) -> None:
    """In a process of its own: try the inputs, and tell of failures."""
    folder = scratch / f"{os.getpid()}"
    folder.mkdir()
    share.family.prepare(folder)
    inside = folder / "in"
    before = _counts(progress)
    counts = [0] * len(_CAME)

    def tell(**words: Any) -> None:
        os.write(out, (json.dumps(words) + "\n").encode())

    for number in range(start, share.end, share.step):
        if time.monotonic() > until:
            break
        # Shared with whoever started this process, so that nothing is forgotten if an input kills it.
        progress[0:8] = struct.pack("q", number)
        inside.mkdir()
        try:
            case = case_of(share.family, share.seed, number)
            came, what = attempt(share.family, case, inside)
        except Hang:
            came, what = "hang", "while it was tidied up"
        finally:
            shutil.rmtree(inside, ignore_errors=True)
        if what:
            tell(number=number, kind=came, what=what[:6000])
        counts[_CAME.index(came)] += 1
        for at, many in enumerate(counts):
            progress[8 * at + 8 : 8 * at + 16] = struct.pack("q", many + before[at])
    shutil.rmtree(folder, ignore_errors=True)


def _fork(share: Share, start: int, scratch: Path, progress: mmap.mmap, until: float) -> tuple[int, int]:
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 1
    try:
        os.close(reading)
        # What libraries say on the way is nobody's business here.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        if not os.environ.get("RUDE_TUI_FUZZ_LOUD"):
            os.dup2(null, 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _work(share, start, scratch, progress, writing, until)
        code = 0
    except BaseException:
        os.write(writing, (json.dumps({"broken": traceback.format_exc()}) + "\n").encode())
    finally:
        os._exit(code)


def _counts(progress: mmap.mmap) -> list[int]:
    return list(struct.unpack(f"{len(_CAME)}q", progress[8 : 8 * len(_CAME) + 8]))


class _Process:
    """One of the processes at work on a family."""

    def __init__(self, share: Share, scratch: Path, until: float) -> None:
        self.share, self.scratch, self.until = share, scratch, until
        self.progress = mmap.mmap(-1, 8 * len(_CAME) + 8)
        self.progress[0:8] = struct.pack("q", share.first)
        self.start(share.first)

    def start(self, number: int) -> None:
        self.pid, self.out = _fork(self.share, number, self.scratch, self.progress, self.until)
        self.kept = b""
        self.heard, self.spent = time.monotonic(), 0.0
        self.at = -1

    @property
    def number(self) -> int:
        return int(struct.unpack("q", self.progress[0:8])[0])

    def lines(self) -> list[dict[str, Any]] | None:
        """What it has said; None once it says no more."""
        content = os.read(self.out, 1 << 20)
        if not content:
            return None
        *whole, self.kept = (self.kept + content).split(b"\n")
        return [json.loads(line) for line in whole]

    def stuck(self) -> bool:
        if self.number != self.at:
            self.at, self.heard, self.spent = self.number, time.monotonic(), self._spent()
        return self._spent() - self.spent > _DEAD or time.monotonic() - self.heard > _ASLEEP

    def _spent(self) -> float:
        """Seconds of a processor that it has had."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ended(self) -> int:
        os.close(self.out)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def search(
    family: Family,
    seed: int,
    count: int,
    jobs: int,
    scratch: Path,
    *,
    seconds: float = 1e9,
    tell: Callable[[Failure], None] = lambda failure: None,
    numbers: Sequence[int] = (),
) -> Tally:
    """Try so many inputs of a family.

    Args:
        seconds: stop after so long, whatever is left.
        tell: of the first failure of each sort.
        numbers: only this one input.
    """
    tally = Tally()
    begun = time.monotonic()
    shares = [Share(family, seed, number, 1, number + 1) for number in numbers] or [
        Share(family, seed, first, jobs, count) for first in range(min(jobs, count))
    ]
    running = [_Process(share, scratch, begun + seconds) for share in shares]
    try:
        while running:
            ready, _, _ = select.select([process.out for process in running], [], [], 1.0)
            for process in list(running):
                said = process.lines() if process.out in ready else []
                if said is not None:
                    _take(tally, family, said, tell)
                    if process.stuck():
                        os.kill(process.pid, signal.SIGKILL)
                    continue
                code, number = process.ended(), process.number
                if code == 0:
                    running.remove(process)
                    _count(tally, process)
                    continue
                what = f"a process ended with {code}" if code != -9 else "it did not come back, and was killed"
                kind = "died" if code != -9 else "hang"
                _take(tally, family, [{"number": number, "kind": kind, "what": what}], tell)
                tally.inputs += 1
                tally.kinds[kind] += 1
                following = number + process.share.step
                if code == 1 or following >= process.share.end:
                    running.remove(process)
                    _count(tally, process)
                else:
                    process.start(following)
    finally:
        for process in running:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            process.ended()
    tally.seconds = time.monotonic() - begun
    return tally


def _count(tally: Tally, process: _Process) -> None:
    counts = dict(zip(_CAME, _counts(process.progress), strict=True))
    tally.inputs += sum(counts.values())
    tally.taken += counts.pop("taken")
    tally.refused += counts.pop("refused")
    tally.kinds += Counter(counts)


def _take(tally: Tally, family: Family, said: list[dict[str, Any]], tell: Callable[[Failure], None]) -> None:
    for words in said:
        if "broken" in words:
            raise RuntimeError(f"the fuzzer itself is broken ({family.name}):\n{words['broken']}")
        failure = Failure(family.name, words["number"], words["kind"], words["what"])
        tally.failures.append(failure)
        sort = signature(failure)
        if sort not in tally.seen:
            tally.seen.add(sort)
            tell(failure)


def signature(failure: Failure) -> str:
    """What failures of one cause have in common."""
    lines = [line.strip() for line in failure.what.strip().splitlines()]
    places = [line for line in lines if line.startswith('File "')]
    if failure.kind in ("wrote", "memory", "hang", "died"):
        return failure.kind
    if failure.kind == "wrong":
        return "wrong " + re.sub(r"""'.*'|".*"|\[.*\]|\{.*\}|[\d.e+-]+""", "…", lines[0])[:80] if lines else "wrong"
    last = lines[-1].split(":")[0] if lines else ""
    return f"{failure.kind} {places[-1] if places else ''} {last[:60]}"

"""Scoring processes that start warm: forked from one that has read the model libraries, which is most of a start.

What runs is `engine.worker` itself, in a process, session and environment of its own, with real pipes and real
signals. Only the import of the libraries is shared. Where there is no `fork` to rely on, workers start cold.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from typing import IO, Any

from engine.jobs.child import started_by

NAME = "engine.worker"


class Nursery:
    """The process that forks workers: started with the first of them, ended with the tests."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def popen(self, arguments: list[str], **how: Any) -> Worker | subprocess.Popen[str]:
        """Stands in for `subprocess.Popen` where a worker is started."""
        assert arguments == started_by(NAME)
        assert how["start_new_session"]
        if sys.platform != "linux":
            return subprocess.Popen(arguments, **how)
        if self._process is None:
            self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, __file__, str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                )
        return Worker(self._ours, how["stderr"])

    def close(self) -> None:
        """End it; workers that are left find their input closed, and end too."""
        if self._process is not None:
            self._ours.close()
            self._process.wait()


class Worker:
    """As much of `subprocess.Popen` as the program asks of a worker."""

    def __init__(self, nursery: socket.socket, stderr: IO[bytes]) -> None:
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        self._word, theirs_word = os.pipe()
        told = json.dumps({"environment": dict(os.environ), "folder": os.getcwd()}).encode()
        socket.send_fds(nursery, [told], [theirs_in, theirs_out, stderr.fileno(), theirs_word])
        for end in (theirs_in, theirs_out, theirs_word):
            os.close(end)
        self.stdin = os.fdopen(ours_in, "w", encoding="utf-8")
        self.stdout = os.fdopen(ours_out, "r", encoding="utf-8")
        self._left = b""
        self.pid = self._next()
        self.returncode: int | None = None

    def _next(self) -> int:
        while b"\n" not in self._left:
            more = os.read(self._word, 64)
            assert more, "the nursery is gone"
            self._left += more
        line, _, self._left = self._left.partition(b"\n")
        return int(line)

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        if self.returncode is None and (self._left or select.select([self._word], [], [], 0)[0]):
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        if self.returncode is None:
            self.returncode = self._next()
            os.close(self._word)
        return self.returncode

    def kill(self) -> None:
        """End it now."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def main(connection: socket.socket) -> None:
    """Fork a worker for each message; say its process number, and later its exit code."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    import transformers.models.gpt_neox.modeling_gpt_neox
    import transformers.models.llama.modeling_llama
    import transformers.models.qwen3.modeling_qwen3  # noqa: F401

    import engine.layout.lay_out
    import engine.scoring.backend
    import engine.scoring.load
    import engine.scoring.tokenizer
    import engine.worker  # noqa: F401

    gc.collect()
    gc.freeze()
    assert len(os.listdir("/proc/self/task")) == 1, "a process with threads cannot be forked safely"
    ended, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker)
    words: dict[int, int] = {}
    while True:
        ready = select.select([connection, ended], [], [])[0]
        if ended in ready:
            os.read(ended, 512)
            _reap(words)
        if connection in ready:
            told, descriptors, _, _ = socket.recv_fds(connection, 1 << 20, 4)
            if not told:
                return
            word = descriptors.pop()
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                for other in (ended, waker, word, *words.values()):
                    os.close(other)
                connection.close()
                _become_a_worker(json.loads(told), descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            words[pid] = word
            os.write(word, b"%d\n" % pid)


def _reap(words: dict[int, int]) -> None:
    while words:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with contextlib.suppress(BrokenPipeError):
            os.write(words[pid], b"%d\n" % os.waitstatus_to_exitcode(status))
        os.close(words.pop(pid))


def _become_a_worker(told: dict[str, Any], descriptors: list[int]) -> None:
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for place, descriptor in enumerate(descriptors):
            os.dup2(descriptor, place)
            os.close(descriptor)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        os.environ.clear()
        os.environ.update(told["environment"])
        os.chdir(told["folder"])
        time.tzset()
        with open("/proc/self/comm", "w", encoding="ascii") as name:
            name.write(NAME)
        from engine.worker import main as work

        code = work()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        os._exit(code)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))

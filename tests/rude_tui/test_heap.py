"""Memory that was freed does not stay with the threads that used it."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_THREADS = """
import ctypes, threading
from rude_tui import heap
if {one}:
    heap.one_heap()
lived = []
ready = threading.Barrier(6)
def work():
    malloc = ctypes.CDLL(None).malloc
    malloc.restype = ctypes.c_void_p
    ready.wait()
    lived.append(malloc(100_000))
threads = [threading.Thread(target=work) for _ in range(6)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
heap.give_back()
print(len({{place >> 26 for place in lived}}))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")
def test_threads_share_a_heap_once_they_are_told_to() -> None:
    def heaps(one: bool) -> int:
        code = _THREADS.format(one=one)
        return int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)

    assert heaps(one=False) > 1
    assert heaps(one=True) == 1


_HELD = """
import ctypes, resource
from rude_tui import heap

library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.free.argtypes = [ctypes.c_void_p]

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() >> 20

def take(size):
    place = library.malloc(size)
    ctypes.memset(place, 1, size)
    return place

places = [take(64_000) for _ in range(1_000)]
last = take(64_000)
for place in places:
    library.free(ctypes.c_void_p(place))
before = resident()
heap.give_back()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")
def test_what_is_free_below_something_that_lives_goes_back() -> None:
    done = subprocess.run([sys.executable, "-c", _HELD], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 40

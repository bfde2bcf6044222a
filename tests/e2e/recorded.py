"""What a recording says about Python functions, read from its bytes (detector/recording.h).

    recording = recorded.Recording(path)
    recording.findings        [Finding]: kind, and steps of (holds: [Hold], wants: Hold); a Hold has lock, kind, frames
    recording.dependencies    [(holds, wants)], in the order of the log
    frames                    [(function, base name of the file, line)], innermost first, or None where no Python stack is known

It believes what it reads: the recording is this test's own.
"""

import collections
import os
import struct

RECORD_LOCK, RECORD_STACK, RECORD_DEPENDENCY, RECORD_FINDING, RECORD_PYTHON = 7, 9, 10, 12, 14
CHUNK_LOG = 1
COMMIT = 0xc0de
KIND_SEMAPHORE, KIND_GIL = 5, 11

Hold = collections.namedtuple("Hold", "lock kind frames cut native")
Step = collections.namedtuple("Step", "thread holds wants")
Finding = collections.namedtuple("Finding", "kind shape steps")


def _records(data):
    size, = struct.unpack_from("<Q", data, 48)
    at = 4096
    while at < size:
        _, kind, length = struct.unpack_from("<IIQ", data, at)
        record, end = at + 64, at + length
        while kind == CHUNK_LOG and record + 8 <= end:
            bytes_, type_, commit = struct.unpack_from("<IHH", data, record)
            if commit != COMMIT or bytes_ == 0:
                break
            yield type_, record
            record += bytes_
        at = end


def _frames(data, record):
    number, count, bytes_, cut = struct.unpack_from("<IIII", data, record + 8)
    at, frames = record + 24, []
    for _ in range(count):
        line, = struct.unpack_from("<I", data, at)
        file_end = data.index(b"\0", at + 4)
        function_end = data.index(b"\0", file_end + 1)
        file = data[at + 4:file_end].decode()
        frames.append((data[file_end + 1:function_end].decode(), os.path.basename(file), line))
        at = function_end + 1
    assert at == record + 24 + bytes_, "the frames fill their bytes"
    return number, (frames, bool(cut))


class Recording:
    def __init__(self, path):
        with open(path, "rb") as file:
            self._data = file.read()
        self._kinds, self._stacks, self._pythons = {}, {}, {}
        self.findings, self.dependencies = [], []
        contents = set()
        for type_, record in _records(self._data):
            if type_ == RECORD_LOCK:
                lock, kind = struct.unpack_from("<II", self._data, record + 8)
                self._kinds[lock] = kind
            elif type_ == RECORD_PYTHON:
                number, frames = _frames(self._data, record)
                bytes_, = struct.unpack_from("<I", self._data, record + 16)
                contents.add(self._data[record + 20:record + 24 + bytes_])
                assert number == len(self._pythons) + 1 == len(contents), "ids count from 1, each stack once"
                self._pythons[number] = frames
            elif type_ == RECORD_STACK:
                stack, count, _, python = struct.unpack_from("<IIII", self._data, record + 8)
                self._stacks[stack] = python, struct.unpack_from(f"<{count}Q", self._data, record + 24)
            elif type_ == RECORD_DEPENDENCY:
                count, = struct.unpack_from("<I", self._data, record + 28)
                self.dependencies.append(([self._hold(record + 32 + 12 * i) for i in range(count)], self._hold(record + 16)))
            elif type_ == RECORD_FINDING:
                self.findings.append(self._finding(record))
        self.python_stacks = list(self._pythons.values())

    def _hold(self, at):
        lock, _, stack = struct.unpack_from("<III", self._data, at)
        python, native = self._stacks.get(stack, (0, ()))
        frames, cut = self._pythons[python] if python else (None, False)
        return Hold(lock, self._kinds.get(lock), frames, cut, native)

    def _finding(self, record):
        kind, shape = struct.unpack_from("<II", self._data, record + 12)
        count, = struct.unpack_from("<I", self._data, record + 64)
        steps, holds = record + 72, record + 72 + 24 * count
        found = []
        for i in range(count):
            thread, held, first = struct.unpack_from("<III", self._data, steps + 24 * i)
            found.append(Step(thread, [self._hold(holds + 12 * (first + k)) for k in range(held)],
                              self._hold(steps + 24 * i + 12)))
        return Finding(kind, shape, found)

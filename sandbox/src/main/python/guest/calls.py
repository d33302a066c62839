"""The guest's end of the line on which a cell calls the tools that it was given.

The line is a stream socket of one cell. On it a frame (see frames.py) is, from the cell, CALL (one
byte with the length of the tool's name, the name, the input as JSON) or GO (empty: the calls so far
are one batch); and to the cell RETURNED, FAILED or TIMED_OUT (the call's number, u32, and a text).
Calls are numbered by their order, from 0, by both sides: there is no id that code could forge.

The code writes what it wants, so everything is bounded, and what breaks the rules closes the line.
"""

import os
import struct

from . import frames
import _socket

CALL, GO = 1, 2
ANSWERS = {b"returned": 3, b"failed": 4, b"timed_out": 5}

# What goes out at once, and what the engine holds while the client thinks. The code's own side keeps
# to the same numbers, so that no honest program ever meets them here.
MAX_CALLS = 128
MAX_INPUT = 1 << 20
MAX_BATCH = 8 << 20

_MAX_FRAME = 2 + 255 + MAX_INPUT
_NUMBER = struct.Struct("!I")


class Line:
    """The line of one cell. Once a batch is complete nothing more is read until all of its calls have an
    answer, so that code which writes on has to wait."""

    def __init__(self, guest, cell, names):
        self._loop = guest.loop
        self._cell = cell
        self._names = frozenset(names)
        self._in = bytearray()
        self._out = bytearray()
        self._batch = []
        self._batch_bytes = 0
        self._next = 0
        self._unanswered = set()
        ours, theirs = _socket.socketpair(
            _socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC
        )
        ours.setblocking(False)
        # What the cell's process gets.
        self.theirs = theirs.detach()
        self._fd = ours.detach()
        self._loop.watch(self._fd, self._readable)

    def handed_over(self):
        """The cell's process has its end; ours of it goes."""
        if self.theirs is not None:
            os.close(self.theirs)
            self.theirs = None

    def close(self):
        self.handed_over()
        if self._fd is not None:
            self._loop.forget(self._fd)
            os.close(self._fd)
            self._fd = None

    def answer(self, number, outcome, text):
        """Notes the answer to a call; returns whether it was the last one of the batch."""
        if number not in self._unanswered:
            return False
        self._unanswered.remove(number)
        self._out += frames.frame(ANSWERS[outcome], _NUMBER.pack(number) + text)
        return not self._unanswered

    def go_on(self):
        """Gives the cell the answers to a whole batch and hears its next calls."""
        if self._fd is not None:
            self._loop.watch(self._fd, self._readable)
            self._write()
            self._take()

    def _write(self):
        try:
            while self._out:
                del self._out[: os.write(self._fd, self._out)]
            self._loop.no_write(self._fd)
        except BlockingIOError:
            self._loop.want_write(self._fd, self._write)
        except OSError:
            self.close()  # the code has closed its end

    def _readable(self):
        try:
            data = os.read(self._fd, 1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._in += data
        self._take()

    def _take(self):
        try:
            while self._fd is not None and not self._unanswered:
                found = frames.take(self._in, _MAX_FRAME)
                if found is None:
                    return
                self._accept(*found)
        except frames.Malformed as problem:
            self.close()
            self._cell.line_broken(str(problem))

    def _accept(self, kind, payload):
        if kind == GO and self._batch:
            self._go()
        elif kind == CALL:
            self._collect(payload)
        else:
            raise frames.Malformed("it wrote what is no call")

    def _collect(self, payload):
        length = payload[0] if payload else 0
        name, body = payload[1 : 1 + length], payload[1 + length :]
        if name not in self._names:
            raise frames.Malformed("it called what is no tool of this cell")
        self._batch_bytes += len(body)
        if len(self._batch) == MAX_CALLS or self._batch_bytes > MAX_BATCH:
            raise frames.Malformed("it made too many calls at once")
        self._batch.append((self._next, name, body))
        self._next += 1

    def _go(self):
        batch, self._batch, self._batch_bytes = self._batch, [], 0
        self._unanswered = {number for number, _, _ in batch}
        self._loop.forget(self._fd)
        self._cell.calls_made(batch)

"""Frames: what the engine and the guest say to each other.

A frame is a length (u32, big endian, of what follows), a kind (u8) and a payload. A request's or a
result's payload is a header length (u32), a header and a body. A header is a list of byte strings
joined by NUL bytes, names and values by turns: names of files are bytes, not text, and reading it
needs no JSON module, whose import would cost a third of the guest's own start.
"""

import os
import struct

REQUEST = 1
DATA = 2
END = 3
CANCEL = 4
ANSWER = 5
STDOUT = 16
STDERR = 17
STDOUT_TAIL = 18
STDERR_TAIL = 19
RESULT = 20
ERROR = 21
CALL = 22
CALLS_WAIT = 23
CHANGES = 24

# A cell's code and environment come in one frame; the server's own limit on a request is lower.
MAX_FRAME = 96 * 1024 * 1024

_PREFIX = struct.Struct("!IB")
_LENGTH = struct.Struct("!I")


class Malformed(Exception):
    """The other side does not speak this protocol."""


def frame(kind, payload=b""):
    return _PREFIX.pack(len(payload) + 1, kind) + payload


def message(kind, fields, body=b""):
    """A frame with a header; fields is a list of (name, value) pairs."""
    header = b"\0".join(_bytes(part) for pair in fields for part in pair)
    return frame(kind, _LENGTH.pack(len(header)) + header + body)


def with_header(parts, body):
    """What is handed to a cell's process: byte strings without NUL bytes, and a text after them."""
    header = b"\0".join(parts)
    return _LENGTH.pack(len(header)) + header + body


def parse_message(payload):
    """The fields, as a dict of bytes (a name that comes twice: the last), and the body."""
    if len(payload) < 4:
        raise Malformed("a message without a header")
    (length,) = _LENGTH.unpack_from(payload)
    if 4 + length > len(payload):
        raise Malformed("a header longer than its frame")
    parts = bytes(payload[4 : 4 + length]).split(b"\0") if length else []
    if len(parts) % 2:
        raise Malformed("a header with a name and no value")
    fields = [(parts[i], parts[i + 1]) for i in range(0, len(parts), 2)]
    return fields, bytes(payload[4 + length :])


def take(buffer, limit=MAX_FRAME):
    """Takes the first whole frame out of a bytearray: (kind, payload), or None."""
    if len(buffer) < 5:
        return None
    length, kind = _PREFIX.unpack_from(buffer)
    if not 1 <= length <= limit:
        raise Malformed("a frame of %d bytes" % length)
    if len(buffer) < 4 + length:
        return None
    payload = bytes(buffer[5 : 4 + length])
    del buffer[: 4 + length]
    return kind, payload


def _bytes(value):
    if isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", "surrogateescape")


def write_all(fd, data):
    """Writes to a blocking descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class BlockingReader:
    """Reads frames from a blocking descriptor, starting with bytes that were read already."""

    def __init__(self, fd, already):
        self._fd = fd
        self._buffer = bytearray(already)

    def next(self):
        while True:
            found = take(self._buffer)
            if found is not None:
                return found
            data = os.read(self._fd, 1 << 18)
            if not data:
                raise EOFError
            self._buffer += data

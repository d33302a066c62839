"""The format of what is saved of the interpreter's variables, shared by caisson_save, which writes it
in a copy of the interpreter's process, and caisson_restore, which reads it in another one. See
caisson_pickle for what is written of a variable and how.

A save is one file, "state", that takes the place of the one before by a rename, and files for large
parts beside it, named by what is in them: a part that did not change is not written again. A process
that is ended at any instant leaves the last whole save and files that the next one removes.

    state: _HEAD, CRC and length of a pickle of plain values:
        number        of the last cell that it contains
        unsaved       [(name, reason)]
        parts         [(names, stream, buffers)]: a pickled dict of those names; the stream is bytes,
                      or (file, size) when it is large, and so is each of the buffers, as arrays have
                      them
        sources       of cells that functions and classes refer to, by name
        surroundings  what the cells have changed of path and environment

Like caisson_cell this belongs to the code of the cells: nothing here is trusted by anyone.
"""

import binascii
import os
import sys

import _pickle
from caisson_definitions import Unsaved
from caisson_pickle import PROTOCOL

# Where it lies inside; in the container's workspace, but not among its files.
DIRECTORY = "/opt/caisson-state"

_HEAD = b"caisson state 1\n"

_LONGEST_REASON = 200


def path(name):
    return os.path.join(DIRECTORY, name)


def write(manifest):
    text = _pickle.dumps(manifest, PROTOCOL)
    with open(path("state.new"), "wb") as file:
        file.write(b"%s%08x%016x" % (_HEAD, binascii.crc32(text), len(text)))
        file.write(text)
    os.rename(path("state.new"), path("state"))


def read():
    with open(path("state"), "rb") as file:
        head = file.read(len(_HEAD) + 24)
        text = file.read()
    if head[: len(_HEAD)] != _HEAD:
        raise Unsaved("they were saved in another format")
    sums = head[len(_HEAD) :]
    if sums != b"%08x%016x" % (binascii.crc32(text), len(text)):
        raise Unsaved("the file they were saved in is damaged")
    return _pickle.loads(text)


class Surroundings:
    """What of the process cells can change and later ones rely on."""

    def __init__(self, path, environment):
        self.path = path
        self.environment = environment

    def changes(self):
        now = dict(os.environb)
        added = {name: v for name, v in now.items() if self.environment.get(name) != v}
        removed = [name for name in self.environment if name not in now]
        path = [entry for entry in sys.path if isinstance(entry, str)]
        return (path if path != self.path else None), added, removed

    def change(self, path, added, removed):
        if path is not None:
            # What the new process has by itself stays in it, in its own order.
            own = [entry for entry in sys.path if entry not in path]
            sys.path[:] = path + own
        os.environb.update(added)
        for name in removed:
            os.environb.pop(name, None)


def describe(problem):
    """One line that says what went wrong."""
    try:
        text = str(problem)
    except BaseException:
        text = ""
    if not isinstance(problem, Unsaved):
        kind = type(problem).__name__
        text = "%s: %s" % (kind, text) if text else kind
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 3] + "..."


def size_text(count):
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= unit:
            return "%g %s" % (round(count / unit, 1), name)
    return "%d bytes" % count

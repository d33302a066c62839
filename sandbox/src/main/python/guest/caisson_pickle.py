"""The pickler of the interpreter's variables, and its counterpart."""

import sys
import types

import _pickle
import caisson_definitions
from caisson_definitions import is_found

PROTOCOL = 5

# From here on a buffer (of an array, a data frame) is worth a file of its own, which is not written
# again while it does not change.
LARGE = 1 << 20

# Values: whether two variables share one cannot be seen.
_VALUES = {
    type(None), bool, int, float, complex, str, bytes, tuple, frozenset, range, slice,
    type(Ellipsis), type(NotImplemented), types.CodeType, _pickle.PickleBuffer,
}
_VALUES_BY_NAME = {
    ("datetime", "date"), ("datetime", "datetime"), ("datetime", "time"),
    ("datetime", "timedelta"), ("datetime", "timezone"), ("decimal", "Decimal"),
    ("fractions", "Fraction"), ("pathlib", "PosixPath"), ("pathlib", "PurePosixPath"),
    ("re", "Pattern"), ("uuid", "UUID"), ("zoneinfo", "ZoneInfo"),
}

# By kind, whether it is one of the values that have names only.
_KNOWN = {}


class Writer(_pickle.Pickler):
    """Writes one graph. Beside that it notes which objects it met, so that it can be said which
    graphs share one.

    part: has write(bytes), and keep(memory) for large buffers
    number: of this graph
    owners: by id of an object, the first graph that met it
    """

    def __init__(self, part, number, owners):
        super().__init__(part, PROTOCOL, buffer_callback=self._buffer)
        self._part = part
        self._number = number
        self._owners = owners
        self.joined = set()

    def _buffer(self, buffer):
        memory = buffer.raw()
        if memory.nbytes < LARGE:
            return True
        self._part.keep(memory)
        return False

    def persistent_id(self, obj):
        kind = type(obj)
        if kind in _VALUES:
            return None
        if obj is caisson_definitions.namespace:
            return "cells"
        if obj is __builtins__:
            return "builtins"
        if kind in _KNOWN:
            if _KNOWN[kind]:
                return None
        elif _is_value(kind):
            return None
        if (kind is types.FunctionType or issubclass(kind, type)) and is_found(obj):
            return None
        owner = self._owners.setdefault(id(obj), self._number)
        if owner != self._number:
            self.joined.add(owner)
        return None

    def reducer_override(self, obj):
        return caisson_definitions.reduce(obj)


class Reader(_pickle.Unpickler):
    """Reads one graph."""

    def persistent_load(self, name):
        return caisson_definitions.namespace if name == "cells" else __builtins__


def _is_value(kind):
    numpy = sys.modules.get("numpy")
    # numpy's element types are objects that all arrays share.
    value = (kind.__module__, kind.__qualname__) in _VALUES_BY_NAME or (
        numpy is not None and issubclass(kind, (numpy.dtype, numpy.generic))
    )
    if kind.__module__ != "__main__":
        _KNOWN[kind] = value
    return value

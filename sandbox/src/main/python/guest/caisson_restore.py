"""Brings back the variables that an interpreter before this one had, from what caisson_save wrote."""

import gc
import io
import os
import time

import _signal
import caisson_definitions
import caisson_pickle
import caisson_state
from caisson_definitions import Unsaved
from caisson_state import describe

# What one part may take of the time for all.
_SHARE_OF_TIME = 3

# Names that a note gives its reason, and names in the note on the others.
_NAMED, _LISTED = 20, 100


class _TimeIsUp(BaseException):
    pass


def restore(begun, ended, seconds, cell):
    """Brings back the variables as they were after the cell of the number ended; returns notes for
    the user. Cells up to the number begun were started."""
    try:
        manifest = caisson_state.read()
    except FileNotFoundError:
        return [_lost("their process ended before they were saved")]
    except (OSError, Unsaved) as problem:
        return [_lost(describe(problem))]
    except Exception as problem:
        return [_lost("what was saved cannot be read: %s" % describe(problem))]
    if manifest["number"] != ended:
        return [
            _lost(
                "their process ended before what cell %d left was saved; the variables as of cell %d"
                " are older and were not brought back" % (ended, manifest["number"])
            )
        ]
    notes = Restoration(manifest, cell, seconds).run()
    if begun > ended:
        notes.append(
            "interpreter_state: the variables are as of cell %d; cell %d did not end and is not in"
            " them" % (ended, begun)
        )
    return notes


def _lost(reason):
    return "interpreter_lost: the variables of earlier cells are lost: %s" % reason


class Restoration:
    def __init__(self, manifest, cell, seconds):
        self._manifest = manifest
        self._cell = cell
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._loading = False

    def run(self):
        """Brings back what can be; returns notes on the rest."""
        collects = gc.isenabled()
        gc.disable()  # it would look at all that has been read, again and again
        caisson_definitions.prepare(self._cell.namespace, self._manifest["sources"])
        for name, text in self._manifest["sources"].items():
            self._cell.keep_source(name, text)
        self._cell.surroundings().change(*self._manifest["surroundings"])
        _signal.signal(_signal.SIGALRM, self._time_is_up)
        try:
            waiting, failed = [(part, "") for part in self._manifest["parts"]], []
            for _ in range(2):  # what fails may need what comes after it
                waiting, late = self._load_all([part for part, _ in waiting])
                failed += late
        finally:
            _signal.setitimer(_signal.ITIMER_REAL, 0)
            _signal.signal(_signal.SIGALRM, _signal.SIG_DFL)
            if collects:
                gc.enable()
        unsaved = list(self._manifest["unsaved"])
        for (names, _, _), reason in failed + waiting:
            unsaved += [(name, reason) for name in names]
        return _named(unsaved)

    def _time_is_up(self, *_):
        if self._loading:
            raise _TimeIsUp

    def _load_all(self, parts):
        """Those that failed and those that took too long, each with the reason."""
        failed, late = [], []
        for part in parts:
            left = self._deadline - time.monotonic()
            share = min(self._seconds / _SHARE_OF_TIME, left)
            try:
                if left <= 0:
                    raise _TimeIsUp
                # Again and again: code that is run may catch it.
                _signal.setitimer(_signal.ITIMER_REAL, share, 0.5)
                self._load(*part)
            except _TimeIsUp:
                what = self._seconds if left <= share else share
                late.append((part, "bringing it back took longer than %g s" % round(what, 1)))
            except BaseException as problem:
                failed.append((part, describe(problem)))
        return failed, late

    def _load(self, names, stream, buffers):
        file = io.BytesIO(stream) if isinstance(stream, bytes) else _open(*stream)
        with file:
            reader = caisson_pickle.Reader(file, buffers=[_map(*buffer) for buffer in buffers])
            try:
                self._loading = True
                variables = reader.load()
            finally:
                self._loading = False
        self._cell.namespace.update(variables)


def _open(name, size):
    file = open(caisson_state.path(name), "rb")
    if os.fstat(file.fileno()).st_size != size:
        file.close()
        raise Unsaved("the file it was saved in is damaged")
    return file


def _map(name, size):
    """A buffer that is read when it is used; writing to it does not change the file."""
    import mmap

    with _open(name, size) as file:
        return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY)


def _named(failed):
    notes = [
        "interpreter_state: %s was not kept: %s" % (name, reason) for name, reason in failed[:_NAMED]
    ]
    rest = [name for name, _ in failed[_NAMED:]]
    if rest:
        more = "" if len(rest) <= _LISTED else " and %d more" % (len(rest) - _LISTED)
        notes.append(
            "interpreter_state: nor were these %d: %s%s"
            % (len(rest), ", ".join(rest[:_LISTED]), more)
        )
    return notes

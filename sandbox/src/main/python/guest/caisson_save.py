"""Saves the variables of the container's interpreter, in a copy of its process: the interpreter goes
on meanwhile, and whatever the code that pickling calls does, it does to the copy."""

import os
import sys
import time

import _signal
import _thread
import caisson_definitions
import caisson_pickle
import caisson_state
from caisson_definitions import Unsaved
from caisson_state import describe, size_text

_NAMES_OF_A_MODULE = {
    "__name__", "__doc__", "__package__", "__loader__", "__spec__", "__builtins__",
    "__warningregistry__",
}

# A stream below this size lies in the state file itself.
_SMALL = 1 << 16

# A linked list of ten thousand nodes is one call within the other when it is pickled.
_STACK_BYTES = 1 << 28, 1 << 26, 1 << 24
_BYTES_OF_A_CALL = 2600  # measured with Python 3.11

# What one variable may take of the time for all.
_SHARE_OF_TIME = 3

# Whoever needs memory most goes first: the copy that writes, then the one that watches it; the
# interpreter stays.
_WRITER_SCORE, _WATCHER_SCORE = "1000", "900"

# What a writer ends with that got no memory for a variable.
_OUT_OF_MEMORY = 71

# Where a writer is when it is at no variable, and when it has done all.
_NOWHERE = -1
_DONE = b"      done"


class Limits:
    def __init__(self, size, seconds):
        self.bytes = size
        self.seconds = seconds


def save(number, limits, cell):
    """Starts it in a copy of this process, and returns at once. When the last of its copies of this
    process's descriptors is closed it has ended."""
    work = Save(number, limits, cell)
    between = _fork(work)
    if between is None:
        return
    if between:
        try:
            os.waitpid(between, 0)
        except ChildProcessError:
            pass  # the code has asked the kernel to do that
        return
    try:
        # A child of the guest, not of the interpreter: code that waits for children sees none.
        if _fork(work) == 0:
            sys.settrace(None)
            sys.setprofile(None)
            _watch(work)
    finally:
        os._exit(0)


def _fork(work):
    """A copy of this process; None when there cannot be one, which is the end of the work."""
    try:
        return os.fork()
    except OSError as problem:
        work.give_up("saving needs a process: %s" % problem.strerror)
        return None


def _watch(work):
    """Lets a copy do the work, and ends it when it takes too long with one variable. What ends the
    copy, whatever it is, costs the variable that it was at."""
    _expose(_WATCHER_SCORE)
    _signal.pthread_sigmask(_signal.SIG_BLOCK, [_signal.SIGCHLD])
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    _signal.signal(_signal.SIGALRM, _signal.SIG_DFL)
    deadline = time.monotonic() + work.limits.seconds
    work.begin()
    while True:
        pid = _fork(work)
        if pid is None:
            return
        if pid == 0:
            _expose(_WRITER_SCORE)
            _with_a_large_stack(work.write)
        name, reason = _attend(pid, work, deadline)
        if reason is None:
            return
        if name is None or time.monotonic() > deadline:
            work.give_up(reason)
            return
        work.refused[name] = reason


def _attend(pid, work, deadline):
    """Waits for the writer: (name of the variable that it failed at, reason), or (None, None)."""
    share = work.limits.seconds / _SHARE_OF_TIME
    at, since = None, time.monotonic()
    reason = None
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        now = time.monotonic()
        if ended:
            if work.done():
                return None, None
            return work.current(), reason or _end(status)
        if reason is None and work.current() != at:
            at, since = work.current(), now
        if reason is None and (now > deadline or now - since > share):
            what = work.limits.seconds if now > deadline else share
            reason = "saving took longer than %g s" % round(what, 1)
            os.kill(pid, _signal.SIGKILL)
        left = min(deadline, since + share) - now
        _signal.sigtimedwait([_signal.SIGCHLD], min(max(left, 0.01), 0.25))


def _end(status):
    code = os.waitstatus_to_exitcode(status)
    if code in (-_signal.SIGKILL, _OUT_OF_MEMORY):
        return "saving it needed more memory than the container has"
    if code < 0:
        return "saving it was ended by signal %d" % -code
    return "saving it ended the process with code %d" % code


def _with_a_large_stack(write):
    """Runs it to the end of this process."""

    def run():
        code = 70
        try:
            write()
            code = 0
        finally:
            os._exit(code)

    usual = sys.getrecursionlimit()
    for size in _STACK_BYTES:
        try:
            _thread.stack_size(size)
            sys.setrecursionlimit(max(usual, size // _BYTES_OF_A_CALL))
            _thread.start_new_thread(run, ())
            break
        except (RuntimeError, ValueError, MemoryError):
            continue  # without a cgroup, a stack counts as memory before it is used
    else:
        sys.setrecursionlimit(usual)
        run()
    while True:
        _signal.pause()


def _expose(score):
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(score)
    except OSError:
        pass  # then the kernel chooses by size


class Save:
    """What is saved. The process that made it forks one that writes it and asks that one's place."""

    def __init__(self, number, limits, cell):
        self.limits = limits
        self.refused = {}  # names that a writer before this one failed at, with the reason
        self._number = number
        self._names = [name for name in cell.namespace if _is_ours(name)]
        self._cell = cell
        self._place = None
        self._unsaved = []
        self._writers = []  # while their objects live, no other one has their ids

    def begin(self):
        """From here on it is known what the writer is at."""
        self._place = os.memfd_create("place")

    def _at(self, index):
        os.pwrite(self._place, b"%10d" % index, 0)

    def done(self):
        return os.pread(self._place, 10, 0) == _DONE

    def current(self):
        text = os.pread(self._place, 10, 0)
        index = int(text) if text.strip(b" -0123456789") == b"" and text else _NOWHERE
        return self._names[index] if 0 <= index < len(self._names) else None

    def give_up(self, reason):
        self._unsaved = [(name, reason) for name in self._names]
        self._finish([], Files(0))

    def write(self):
        import gc

        gc.disable()  # a collection would copy all memory that is shared with the interpreter
        caisson_definitions.prepare(self._cell.namespace, self._cell.source_texts())
        files = Files(self.limits.bytes)
        plain, graphs = {}, {}
        for index, name in enumerate(self._names):
            value = self._cell.namespace[name]
            if name in self.refused:
                self._unsaved.append((name, self.refused[name]))
            elif _is_plain(value):
                plain[name] = value
            else:
                self._at(index)
                graph = self._try(files, index, [name])
                if graph is not None:
                    graphs[index] = graph
        self._at(_NOWHERE)
        parts = [self._try(files, len(self._names), plain).part()] if plain else []
        for together in _joined(graphs, len(self._names)):
            if len(together) > 1:
                for index in together:
                    graphs[index].file.discard()
                self._at(together[0])
                graph = self._try(files, together[0], [self._names[i] for i in together])
            else:
                graph = graphs[together[0]]
            if graph is not None:
                parts.append(graph.part())
        self._at(_NOWHERE)
        self._finish(parts, files)
        os.pwrite(self._place, _DONE, 0)

    def _try(self, files, number, names):
        """Pickles variables as one graph; None when that cannot be done, which is noted."""
        file = files.part()
        try:
            writer = caisson_pickle.Writer(file, number, files.owners)
            self._writers.append(writer)
            writer.dump({name: self._cell.namespace[name] for name in names})
            file.end()
            return Graph(list(names), file, writer.joined)
        except MemoryError:
            os._exit(_OUT_OF_MEMORY)  # another writer has it back
        except BaseException as problem:
            file.discard()
            self._unsaved += [(name, describe(problem)) for name in names]
            return None

    def _finish(self, parts, files):
        manifest = {
            "number": self._number,
            "unsaved": self._unsaved,
            "parts": parts,
            "sources": {name: caisson_definitions.sources[name] for name in caisson_definitions.used},
            "surroundings": self._cell.surroundings().changes(),
        }
        caisson_state.write(manifest)
        files.sweep(manifest)


class Graph:
    """One pickled graph of one or more variables."""

    def __init__(self, names, file, joined):
        self.names = names
        self.file = file
        self.joined = joined

    def part(self):
        stream, buffers = self.file.settle()
        return self.names, stream, buffers


def _joined(graphs, count):
    """The indices of graphs, those that share an object together."""
    parent = list(range(count + 1))

    def top(index):
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for index, graph in graphs.items():
        for other in graph.joined:
            parent[top(index)] = top(other)
    found = {}
    for index in graphs:
        found.setdefault(top(index), []).append(index)
    return found.values()


def _is_ours(name):
    return isinstance(name, str) and name not in _NAMES_OF_A_MODULE


def _is_plain(value):
    kind = type(value)
    if kind is str or kind is bytes:
        return len(value) < _SMALL
    return kind is int or kind is float or kind is bool or value is None


class Files:
    """The files of one save, with the room that is left for them."""

    def __init__(self, room):
        self.room = self._left = room
        self.owners = {}
        self._fresh = 0

    def part(self):
        return Part(self)

    def take(self, size):
        if size > self._left:
            raise Unsaved(
                "it would take more than the %s that are kept of variables" % size_text(self.room)
            )
        self._left -= size

    def give_back(self, size):
        self._left += size

    def open(self):
        self._fresh += 1
        path = caisson_state.path("new-%d" % self._fresh)
        return path, open(path, "wb", buffering=0)

    def sweep(self, manifest):
        """Removes what no save needs any more."""
        needed = {"state", "mark"}
        for _, stream, buffers in manifest["parts"]:
            needed.update(place[0] for place in [stream, *buffers] if isinstance(place, tuple))
        for name in os.listdir(caisson_state.DIRECTORY):
            if name not in needed:
                try:
                    os.unlink(caisson_state.path(name))
                except OSError:
                    pass  # not one of ours


class Part:
    """A stream and its buffers: in memory while it is small, then in a file."""

    def __init__(self, files):
        import hashlib

        self._files = files
        self._hash = hashlib.blake2b(digest_size=20)
        self._new_hash = lambda: hashlib.blake2b(digest_size=20)
        self._memory = bytearray()
        self._file = None
        self._size = 0
        self._buffers = []

    def write(self, data):
        size = memoryview(data).nbytes
        self._files.take(size)
        self._size += size
        if self._file is None and self._size >= _SMALL:
            self._path, self._file = self._files.open()
            self._out(self._memory)
            self._memory = None
        if self._file is None:
            self._memory += data
        else:
            self._out(data)
        return size

    def _out(self, data):
        self._hash.update(data)
        _write_all(self._file, data)

    def keep(self, memory):
        """Keeps a large buffer, once however often it is met."""
        self._files.take(memory.nbytes)
        digest = self._new_hash()
        digest.update(memory)
        name = digest.hexdigest()
        self._buffers.append((name, memory.nbytes))
        place = caisson_state.path(name)
        if not _is_whole(place, memory.nbytes):
            path, file = self._files.open()
            with file:
                _write_all(file, memory)
            os.rename(path, place)

    def end(self):
        if self._file is not None:
            self._file.close()

    def settle(self):
        """Puts it in its place: (stream, buffers)."""
        if self._file is None:
            return bytes(self._memory), self._buffers
        name = self._hash.hexdigest()
        place = caisson_state.path(name)
        if _is_whole(place, self._size):
            os.unlink(self._path)
        else:
            os.rename(self._path, place)
        return (name, self._size), self._buffers

    def discard(self):
        self._files.give_back(self._size + sum(size for _, size in self._buffers))
        if self._file is not None:
            self._file.close()
            os.unlink(self._path)


def _write_all(file, data):
    view = memoryview(data).cast("B")
    while view:
        view = view[file.write(view) :]


def _is_whole(path, size):
    try:
        return os.stat(path).st_size == size
    except OSError:
        return False

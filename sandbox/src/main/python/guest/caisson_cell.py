"""Runs the Python of cells, in a process of the cells' user. Everything here belongs to the code
that it runs: nothing in this process is trusted by anyone.

serve() is the container's interpreter, run_fresh() the process of a single cell.
"""

import os
import sys

import _signal

_CONTROL = 3

# What tracebacks show of the cells' code, by file name.
_sources = {}


def run_fresh():
    """Runs the program on descriptor 3 as __main__, like python3 runs a file."""
    with open(_CONTROL, "rb") as file:
        source = file.read()
    namespace = _new_main()
    problem = _execute(source, "<cell>", namespace)
    if isinstance(problem, SystemExit):
        raise problem
    if problem is not None:
        _show(problem)
        sys.exit(130 if isinstance(problem, KeyboardInterrupt) else 1)


def serve():
    """Runs one cell after another in one namespace."""
    import _socket

    control = _socket.socket(fileno=os.dup(_CONTROL))
    os.close(_CONTROL)
    main = os.getpid()
    namespace = _new_main()
    streams = sys.stdin, sys.stdout, sys.stderr
    idle = os.open(os.devnull, os.O_RDWR)
    # Places for the next cell's descriptors, whatever the cells before it leave open.
    spare = _take_places(idle)
    number = 0
    while True:
        _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
        token, descriptors = _receive(control, spare)
        program, out, err = descriptors
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.close(out)
        os.close(err)
        with open(program, "rb") as file:
            text = file.read()
        spare = _take_places(idle)
        length = int.from_bytes(text[:4], "big")
        parts = text[4 : 4 + length].split(b"\0")
        number += 1
        sys.stdin, sys.stdout, sys.stderr = streams
        _chdir()
        saved = _set_environment(parts)
        code = _run_one(text[4 + length :], "<cell %d>" % number, namespace)
        _restore_environment(saved)
        for stream in (sys.stdout, sys.stderr) + streams[1:]:
            try:
                stream.flush()
            except Exception:
                pass
        if os.getpid() != main:
            os._exit(code)  # a child that the code forked and let fall through
        os.dup2(idle, 1)
        os.dup2(idle, 2)
        try:
            control.send(b"%s %d" % (token, code))
        except OSError:
            os._exit(code)  # the code closed our descriptor: this process is the cell's own end


def _run_one(source, name, namespace):
    problem = _execute(source, name, namespace)
    while True:
        # From here on an interrupt that comes late must not hit our own code.
        try:
            _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
            break
        except KeyboardInterrupt:
            continue
    if problem is None:
        return 0
    if isinstance(problem, SystemExit):
        return _exit_code(problem.code)
    _show(problem)
    return 130 if isinstance(problem, KeyboardInterrupt) else 1


def _execute(source, name, namespace):
    """Runs the source; returns what it raised, or None."""
    try:
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
        try:
            lines = source.decode("utf-8").splitlines(True)
            _keep_source(name, (len(source), None, lines, name))
        except UnicodeDecodeError:
            pass  # the compiler will say so
        exec(compile(source, name, "exec", dont_inherit=True), namespace)
    except BaseException as problem:
        return problem
    return None


def _keep_source(name, entry):
    _sources[name] = entry
    linecache = sys.modules.get("linecache")
    if linecache is not None:
        linecache.cache[name] = entry


class _LinecacheFinder:
    """Gives linecache the cells' sources when something imports it. Importing it up front would
    make every start of an interpreter a third longer, for cells that mostly do not fail."""

    def find_spec(self, name, path=None, target=None):
        if name != "linecache":
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = _LinecacheLoader(spec.loader)
                return spec
        return None


class _LinecacheLoader:
    def __init__(self, loader):
        self._loader = loader

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        self._loader.exec_module(module)
        module.cache.update(_sources)


def _new_main():
    main = type(sys)("__main__")
    main.__builtins__ = sys.modules["builtins"]
    sys.modules["__main__"] = main
    sys.argv = [""]
    sys.meta_path.insert(0, _LinecacheFinder())
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
    return main.__dict__


def _take_places(idle):
    spare = []
    try:
        while len(spare) < 3:
            spare.append(os.dup(idle))
    except OSError:
        pass  # cells have lowered the limit; the next one finds out whether there are places
    return spare


def _close(fd):
    try:
        os.close(fd)
    except OSError:
        pass  # the code closed it


def _receive(control, spare):
    import _socket
    import _struct

    format = _struct.Struct("3i")
    room = _socket.CMSG_SPACE(format.size)
    while True:
        try:
            control.recv(1, _socket.MSG_PEEK)
            while spare:
                _close(spare.pop())
            token, extra, _, _ = control.recvmsg(256, room, _socket.MSG_CMSG_CLOEXEC)
        except InterruptedError:
            continue
        except OSError:
            token = b""
        if not token:
            os._exit(0)
        for _, kind, data in extra:
            if kind == _socket.SCM_RIGHTS and len(data) == format.size:
                return token, format.unpack(data)
        os._exit(1)  # no places for the cell's descriptors, and no way to run it without them


def _chdir():
    try:
        os.chdir(os.environ.get("HOME", "/home/user"))
    except OSError:
        pass  # the code removed it; it will see for itself


def _set_environment(parts):
    """Sets a cell's variables; returns what they hide."""
    saved = {}
    for i in range(0, len(parts) - 1, 2):
        saved[parts[i]] = os.environb.get(parts[i])
        os.environb[parts[i]] = parts[i + 1]
    return saved


def _restore_environment(saved):
    for name, value in saved.items():
        if value is None:
            os.environb.pop(name, None)
        else:
            os.environb[name] = value


def _exit_code(value):
    """What the interpreter would make of sys.exit(value)."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xFF
    try:
        print(value, file=sys.stderr)
    except Exception:
        pass
    return 1


def _show(problem):
    """Prints a traceback that starts in the cell's code."""
    frames = problem.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    problem.__traceback__ = frames
    try:
        sys.stdout.flush()
    except Exception:
        pass
    try:
        if sys.excepthook is not sys.__excepthook__:
            sys.excepthook(type(problem), problem, frames)
        else:
            import traceback

            traceback.print_exception(type(problem), problem, frames)
    except BaseException as second:
        sys.__stderr__.write("%s: %s\n" % (type(problem).__name__, second))

"""Runs the Python of cells, in a process of the cells' user. Everything here belongs to the code
that it runs: nothing in this process is trusted by anyone.

serve() is the container's interpreter, run_fresh() the process of a single cell.
"""

import os
import sys

import _signal

_CONTROL = 3
_LINE = 4

# Lets a cell await at its top level: ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, without importing ast.
_TOP_LEVEL_AWAIT = 0x2000

# What tracebacks show of the cells' code, by file name.
_sources = {}

_own_modules = {}

# Of the container's interpreter: the namespace of its cells, and the process as it was before them.
namespace = {}
_at_start = [], {}

# Of notes on what could not be brought back.
_LONGEST_ANSWER = 1 << 16


def run_fresh():
    """Runs the program on descriptor 3 as __main__, like python3 runs a file."""
    with open(_CONTROL, "rb") as file:
        source = file.read()
    _run_alone(source, 0)


def run_fresh_with_tools():
    """Runs the program on descriptor 3 as __main__; it may call the tools at descriptor 4."""
    with open(_CONTROL, "rb") as file:
        names, source = _split(file.read())
    _run_alone(source, _TOP_LEVEL_AWAIT, names, _LINE)


def _run_alone(source, flags, names=(), line=None):
    problem = _execute(source, "<cell>", _new_main(), flags, names, line)
    if isinstance(problem, SystemExit):
        raise problem
    if problem is not None:
        _show(problem)
        sys.exit(130 if isinstance(problem, KeyboardInterrupt) else 1)


def serve():
    """Runs one cell after another in one namespace, saves it and brings a saved one back."""
    import _socket

    global namespace, _at_start
    control = _socket.socket(fileno=os.dup(_CONTROL))
    os.close(_CONTROL)
    main = os.getpid()
    namespace = _new_main()
    _at_start = list(sys.path), dict(os.environb)
    streams = sys.stdin, sys.stdout, sys.stderr
    idle = os.open(os.devnull, os.O_RDWR)
    # Places for the next cell's descriptors, whatever the cells before it leave open.
    spare = _take_places(idle)
    number = 0
    while True:
        _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
        (task, *words), descriptors = _receive(control, spare)
        if task == b"save":
            _save(*words)
            _close_all(descriptors)
            spare = _take_places(idle)
            continue
        if task == b"restore":
            number, answer = _restore(*words)
            _answer(control, answer, 1)
            spare = _take_places(idle)
            continue
        if len(descriptors) < 3:
            os._exit(1)  # no places for the cell's descriptors, and no way to run it without them
        program, out, err = descriptors[:3]
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.close(out)
        os.close(err)
        with open(program, "rb") as file:
            variables, text = _split(file.read())
        names, source = _split(text)
        if names and len(descriptors) < 4:
            os._exit(1)  # no place for the line to the tools
        line = descriptors[3] if names else None
        spare = _take_places(idle)
        number += 1
        sys.stdin, sys.stdout, sys.stderr = streams
        _chdir()
        saved = _set_environment(variables)
        code = _run_one(source, "<cell %d>" % number, namespace, names, line)
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
        _answer(control, b"%s %d" % (task, code), code)


def _answer(control, text, code):
    try:
        control.send(text)
    except OSError:
        os._exit(code)  # the code closed our descriptor: this process is the cell's own end


# What outlives this process, see caisson_save and caisson_restore


def surroundings():
    return _own_module("caisson_state").Surroundings(*_at_start)


def source_texts():
    return {name: "".join(entry[2]) for name, entry in _sources.items()}


def keep_source(name, text):
    lines = text.splitlines(True)
    _keep_source(name, (len(text.encode()), None, lines, name))


def _save(number, size, seconds):
    try:
        save = _own_module("caisson_save")
        save.save(int(number), save.Limits(int(size), float(seconds)), sys.modules[__name__])
    except Exception:
        pass  # there is no save of this cell: the next process says so


def _restore(token, begun, ended, seconds):
    """The number of the last cell that was started, and the answer to the guest."""
    notes = []
    try:
        _chdir()
        restore = _own_module("caisson_restore")
        notes = restore.restore(int(begun), int(ended), float(seconds), sys.modules[__name__])
    except Exception as problem:
        notes = ["interpreter_lost: variables of earlier cells could not be brought back: %r" % problem]
    text = "\n".join(notes).encode("utf-8", "backslashreplace")
    return int(begun), b"%s 0\n%s" % (token, text[:_LONGEST_ANSWER])


def _run_one(source, name, namespace, names, line):
    problem = _execute(source, name, namespace, _TOP_LEVEL_AWAIT, names, line)
    while True:
        # From here on an interrupt that comes late must not hit our own code.
        try:
            _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
            break
        except KeyboardInterrupt:
            continue
    if names and "caisson_tools" in _own_modules:
        _own_modules["caisson_tools"].withdraw(namespace)
    if problem is None:
        return 0
    if isinstance(problem, SystemExit):
        return _exit_code(problem.code)
    _show(problem)
    return 130 if isinstance(problem, KeyboardInterrupt) else 1


def _execute(source, name, namespace, flags, names, line):
    """Runs the source; returns what it raised, or None.

    flags: of the compiler
    names: of the tools that the code may call, on the line
    """
    try:
        # Does what the default handler does but is another object, so that asyncio.run() leaves it in
        # place: its own one would not interrupt code that computes and never awaits.
        _signal.signal(_signal.SIGINT, _signal.default_int_handler.__call__)
        try:
            lines = source.decode("utf-8").splitlines(True)
            _keep_source(name, (len(source), None, lines, name))
        except UnicodeDecodeError:
            pass  # the compiler will say so
        code = compile(source, name, "exec", flags, dont_inherit=True)
        if names:
            _own_module("caisson_tools").offer(names, line, namespace)
        coroutine = eval(code, namespace)
        if coroutine is not None:
            _own_module("caisson_await").run(coroutine)
    except BaseException as problem:
        return problem
    return None


def _own_module(name):
    """One of the modules beside this one, which most cells do without."""
    if name not in _own_modules:
        place = os.path.dirname(__file__)
        sys.path.insert(0, place)
        try:
            _own_modules[name] = __import__(name)
        finally:
            sys.path.remove(place)
    return _own_modules[name]


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


def _split(text):
    """The parts of a header, and what stands after it."""
    length = int.from_bytes(text[:4], "big")
    header = text[4 : 4 + length]
    return header.split(b"\0") if header else [], text[4 + length :]


def _take_places(idle):
    spare = []
    try:
        while len(spare) < 4:
            spare.append(os.dup(idle))
    except OSError:
        pass  # cells have lowered the limit; the next one finds out whether there are places
    return spare


def _close_all(descriptors):
    for fd in descriptors:
        _close(fd)


def _close(fd):
    try:
        os.close(fd)
    except OSError:
        pass  # the code closed it


def _receive(control, spare):
    import _socket
    import _struct

    room = _socket.CMSG_SPACE(4 * _struct.calcsize("i"))
    while True:
        try:
            control.recv(1, _socket.MSG_PEEK)
            while spare:
                _close(spare.pop())
            text, extra, _, _ = control.recvmsg(256, room, _socket.MSG_CMSG_CLOEXEC)
        except InterruptedError:
            continue
        except OSError:
            text = b""
        if not text:
            os._exit(0)
        descriptors = ()
        for _, kind, data in extra:
            if kind == _socket.SCM_RIGHTS:
                descriptors = _struct.unpack("%di" % (len(data) // _struct.calcsize("i")), data)
        return text.split(), descriptors


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


def _of_the_cell(frames):
    """A traceback without the frames that are ours, or asyncio's on the way to the cell's code."""
    ours = os.path.dirname(__file__)
    kept = []
    while frames is not None:
        if os.path.dirname(frames.tb_frame.f_code.co_filename) != ours:
            kept.append(frames)
        frames = frames.tb_next
    cell = [i for i, frame in enumerate(kept) if frame.tb_frame.f_code.co_filename[:5] == "<cell"]
    if cell:
        kept = kept[cell[0] :]
    for i, frame in enumerate(kept):
        frame.tb_next = kept[i + 1] if i + 1 < len(kept) else None
    return kept[0] if kept else None


def _show(problem):
    """Prints a traceback that starts in the cell's code."""
    frames = _of_the_cell(problem.__traceback__)
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

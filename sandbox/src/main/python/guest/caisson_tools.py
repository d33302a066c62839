"""Makes the client's tools callable from a cell: each becomes an async function that takes one dict
and returns a text. Belongs to the code that it runs, like caisson_cell.

What the frames on the line mean is written in calls.py, which is the guest's end of it.
"""

import _socket
import _struct
import _thread

_CALL, _GO = 1, 2
_RETURNED, _FAILED, _TIMED_OUT = 3, 4, 5
_PREFIX = _struct.Struct("!IB")
_NUMBER = _struct.Struct("!I")

# The same as the guest's, see calls.py.
_MAX_CALLS = 128
_MAX_INPUT = 1 << 20
_MAX_BATCH = 8 << 20

# How often calls wait for tasks that are about to make calls as well. A loop that is never idle must
# not hold them back for ever.
_TURNS = 32

_ENDED = "the cell has ended, and with it the way to call tools"

# The tools of the cell that runs now, and a function for each name that there ever was: one that a
# cell keeps, in a partial or a closure, serves the next cell as well.
_current = None
_functions = {}


class _Tools:
    """The tools of one cell."""

    def __init__(self, names, line):
        self.names = names
        self.line = line
        self.hidden = {}


def offer(names, fd, namespace):
    """Gives a cell its tools."""
    global _current
    _current = _Tools([name.decode() for name in names], Line(fd))
    for name in _current.names:
        if name in namespace:
            _current.hidden[name] = namespace[name]
        namespace[name] = _functions.setdefault(name, _function(name))


def withdraw(namespace):
    """The cell has ended: its names are as they were, and nothing can be called."""
    global _current
    tools, _current = _current, None
    if tools is None:
        return
    for name in tools.names:
        if name in namespace and namespace[name] is _functions.get(name):
            del namespace[name]
            if name in tools.hidden:
                namespace[name] = tools.hidden[name]
    tools.line.close(_ENDED)


def _function(name):
    async def function(*arguments, **named):
        if named or len(arguments) != 1 or not isinstance(arguments[0], dict):
            raise TypeError(
                "%s() takes one dict, the tool's input: await %s({...})" % (name, name)
            )
        text = _input(name, arguments[0])
        tools = _current
        if tools is None:
            raise RuntimeError("%s(): %s" % (name, _ENDED))
        if name not in tools.names:
            raise RuntimeError("%s(): this cell was not given that tool" % name)
        return await tools.line.call(name, text)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "__main__"
    function.__doc__ = "Calls the tool %s with its input, a dict; returns its result, a str." % name
    return function


def _input(name, arguments):
    import json

    try:
        text = json.dumps(arguments, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        raise ValueError("%s(): the input is nested too deeply" % name) from None
    except TypeError as problem:
        raise TypeError("%s(): the input is no JSON: %s" % (name, problem)) from None
    except ValueError as problem:
        raise ValueError("%s(): the input is no JSON: %s" % (name, problem)) from None
    if len(text) > _MAX_INPUT:
        raise ValueError(
            "%s(): the input of %d bytes is over the limit of %d" % (name, len(text), _MAX_INPUT)
        )
    return text


class _Call:
    def __init__(self, name, text, loop):
        self.name = name
        self.text = text
        self.loop = loop
        self.future = loop.create_future()

    def settle(self, kind, text):
        if self.future.done():
            return  # the code did not wait
        if kind == _RETURNED:
            self.future.set_result(text)
        elif kind == _TIMED_OUT:
            self.future.set_exception(TimeoutError(text))
        else:
            self.future.set_exception(RuntimeError(text))


class Line:
    """The way out. Calls made before the loop has nothing else to do go out as one batch, and no
    other batch before each of them has its answer. For loops of any number of threads."""

    def __init__(self, fd):
        self._socket = _socket.socket(fileno=fd)
        self._lock = _thread.RLock()
        self._listening = {}
        self._flushing = set()
        self._queue = []
        self._out = {}
        self._number = 0
        self._in = bytearray()
        self._closed = None

    async def call(self, name, text):
        import asyncio

        loop = asyncio.get_running_loop()
        call = _Call(name, text, loop)
        with self._lock:
            if self._closed is not None:
                raise RuntimeError("%s(): %s" % (name, self._closed))
            self._queue.append(call)
            if not self._out:
                self._flush_soon(loop)
            self._listen(loop)
        try:
            return await call.future
        finally:
            with self._lock:
                self._stop_listening(loop)

    def _listen(self, loop):
        count = self._listening.get(loop, 0)
        self._listening[loop] = count + 1
        if count == 0:
            loop.add_reader(self._socket.fileno(), self._readable)

    def _stop_listening(self, loop):
        count = self._listening.pop(loop, 0) - 1
        if count > 0:
            self._listening[loop] = count
        elif self._closed is None and not loop.is_closed():
            loop.remove_reader(self._socket.fileno())

    def _flush_soon(self, loop):
        if loop not in self._flushing:
            self._flushing.add(loop)
            loop.call_soon_threadsafe(self._flush, loop, _TURNS)

    def _flush(self, loop, turns):
        if turns and getattr(loop, "_ready", None):
            loop.call_soon(self._flush, loop, turns - 1)
            return
        with self._lock:
            self._flushing.discard(loop)
            if self._out or self._closed is not None:
                return
            frames = bytearray()
            for call in self._take_batch():
                name = call.name.encode()
                text = bytes([len(name)]) + name + call.text
                frames += _PREFIX.pack(len(text) + 1, _CALL) + text
                self._out[self._number] = call
                self._number += 1
            if not self._out:
                return
            frames += _PREFIX.pack(1, _GO)
            try:
                self._socket.sendall(frames)
            except OSError:
                self.close("the line to the tools is broken")

    def _take_batch(self):
        batch, size = [], 0
        while self._queue and len(batch) < _MAX_CALLS:
            call = self._queue[0]
            if size + len(call.text) > _MAX_BATCH:
                break
            del self._queue[0]
            if not call.future.done():
                batch.append(call)
                size += len(call.text)
        return batch

    def _readable(self):
        with self._lock:
            if self._closed is not None:
                return
            try:
                data = self._socket.recv(1 << 18, _socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.close("the line to the tools is broken")
                return
            self._in += data
            while self._take_answer():
                pass
            if not self._out and self._queue:
                self._flush_soon(self._queue[0].loop)

    def _take_answer(self):
        if len(self._in) < 5:
            return False
        length, kind = _PREFIX.unpack_from(self._in)
        if len(self._in) < 4 + length:
            return False
        payload = bytes(self._in[5 : 4 + length])
        del self._in[: 4 + length]
        (number,) = _NUMBER.unpack_from(payload)
        call = self._out.pop(number, None)
        if call is not None:
            self._settle(call, kind, payload[4:].decode("utf-8", "replace"))
        return True

    def _settle(self, call, kind, text):
        try:
            call.loop.call_soon_threadsafe(call.settle, kind, text)
        except RuntimeError:
            pass  # its loop is closed: nobody waits

    def close(self, why):
        """Fails what waits; nothing can be called any more."""
        with self._lock:
            if self._closed is not None:
                return
            self._closed = why
            for loop in self._listening:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(loop.remove_reader, self._socket.fileno())
            for call in [*self._out.values(), *self._queue]:
                self._settle(call, _FAILED, "%s(): %s" % (call.name, why))
            self._out, self._queue = {}, []
            self._socket.close()

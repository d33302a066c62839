"""The guest: process 1 of a sandbox. Takes requests from the engine on a socket that cells never
hold, runs cells one at a time, serves file requests by children, reaps what ends."""

import os
import select
import time

from . import cells, frames, privileges, processes
from .interpreter import Interpreter
from .meters import Meters
from .scans import Scans
from .state import Options, State
import _signal
import _socket

# Where the guest's code is seen inside.
CODE = b"/opt/caisson"

# How long a process may take to end after SIGKILL; one with much memory takes a tenth of a second.
_DOOMED_SECONDS = 10.0

# What a cell may wait for the end of a save.
_SAVE_END_SECONDS = 0.02


class Loop:
    """Calls back when a descriptor can be read or written."""

    def __init__(self):
        self._epoll = select.epoll()
        self._readers = {}
        self._writers = {}

    def watch(self, fd, readable):
        self._readers[fd] = readable
        self._epoll.register(fd, select.EPOLLIN)

    def want_write(self, fd, writable):
        self._writers[fd] = writable
        self._epoll.modify(fd, select.EPOLLIN | select.EPOLLOUT)

    def no_write(self, fd):
        if self._writers.pop(fd, None) is not None and fd in self._readers:
            self._epoll.modify(fd, select.EPOLLIN)

    def forget(self, fd):
        self._writers.pop(fd, None)
        if self._readers.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def turn(self, timeout):
        for fd, events in self._epoll.poll(timeout):
            if events & select.EPOLLOUT and fd in self._writers:
                self._writers[fd]()
            if events & ~select.EPOLLOUT and fd in self._readers:
                self._readers[fd]()


class Connection:
    """One connection of the engine. Cells are asked for on one that stays; a file request takes its
    connection with it."""

    def __init__(self, guest, fd):
        self.fd = fd
        self._guest = guest
        self._in = bytearray()
        self._out = bytearray()
        os.set_blocking(fd, False)
        guest.loop.watch(fd, self._readable)

    def send(self, data):
        if self.fd is None:
            return
        waiting = bool(self._out)
        self._out += data
        if not waiting:
            self._write()

    def _write(self):
        try:
            while self._out:
                del self._out[: os.write(self.fd, self._out)]
            self._guest.loop.no_write(self.fd)
        except BlockingIOError:
            self._guest.loop.want_write(self.fd, self._write)
        except OSError:
            self.close()

    def _readable(self):
        try:
            data = os.read(self.fd, 1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._in += data
        try:
            while self.fd is not None:
                found = frames.take(self._in)
                if found is None:
                    break
                self._guest.handle(self, *found)
        except (frames.Malformed, KeyError, ValueError) as problem:
            self.send(error("internal", "the guest was sent a malformed request: %r" % problem))
            self.close()

    def hand_over(self):
        """Gives the descriptor and what was read ahead to a child."""
        fd, already = self.fd, bytes(self._in)
        self._guest.loop.forget(fd)
        self.fd = None
        return fd, already

    def close(self):
        if self.fd is not None:
            fd, self.fd = self.fd, None
            self._guest.loop.forget(fd)
            os.close(fd)
            self._guest.connection_closed(self)


def error(code, text):
    return frames.message(frames.ERROR, [("code", code), ("message", text)])


class Guest:
    # A program text up to this size is an argument; the kernel allows 128 KiB for one.
    ARGUMENT_CODE = 96 * 1024

    def __init__(self, options):
        self.loop = Loop()
        self.children = {}
        self.cell = None
        self._cell_connection = None
        self._interpreter = None
        self._interpreter_lost = False
        self._own_children = set()
        self.python = os.fsencode(options["python"])
        self.max_processes = int(options["processes"])
        self.disk = options["disk"]
        self.state = State(self, Options(options["state"]))
        self.meters = Meters(_optional(options, "cpu"), _optional(options, "oom"))
        self.environment = dict(os.environb)
        self.null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        self._listener = _socket.socket(fileno=int(options["listener"]))
        self._listener.setblocking(False)
        self._lifeline = int(options["lifeline"])
        for name in ("listener", "lifeline", "cpu", "oom"):
            if options.get(name):
                os.set_inheritable(int(options[name]), False)
        self._watch_children()
        self.scans = Scans(self)
        self.loop.watch(self._listener.fileno(), self._accept)
        # The keeper never writes to it: it can be read when the keeper is gone.
        self.loop.watch(self._lifeline, lambda: os._exit(0))
        os.write(self._lifeline, b"R")

    def run(self):
        while True:
            timed = self.state if self.cell is None else self.cell
            self.loop.turn(timed.seconds_left())
            if self.cell is not None:
                self.cell.tick()
            else:
                self.state.tick()

    def handle(self, connection, kind, payload):
        if kind == frames.CANCEL:
            if self.cell is not None and self._cell_connection is connection:
                self.cell.cancel()
            return
        if kind == frames.ANSWER:
            fields, body = frames.parse_message(payload)
            # One for a cell that has ended meanwhile is for nobody.
            if self.cell is not None and self._cell_connection is connection:
                self.cell.answer(dict(fields), body)
            return
        if kind != frames.REQUEST:
            raise frames.Malformed("frame kind %d" % kind)
        fields, body = frames.parse_message(payload)
        operation = dict(fields)[b"op"]
        if operation == b"run":
            self._run(connection, cells.Request(fields, body))
        elif operation == b"known":
            self.scans.load(dict(fields), body)
            connection.send(frames.message(frames.RESULT, []))
        elif operation == b"changes":
            self.scans.ask(connection, int(dict(fields)[b"serial"]))
        elif operation == b"save":
            self.state.save(connection)
        else:
            self._serve_file(connection, operation, dict(fields))

    def _run(self, connection, request):
        if self.cell is not None:
            connection.send(error("internal", "another cell of this container is running"))
            return
        self.state.make_way()
        self._cell_connection = connection
        try:
            try:
                self.cell = cells.Cell(self, connection, request)
            except BlockingIOError:
                # No process to be had: threads that cells left in the interpreter hold them all.
                if self._interpreter is None:
                    raise
                self._interpreter.kill()
                self.end_leftovers()
                self.cell = cells.Cell(self, connection, request)
        except OSError as problem:
            connection.send(error("internal", "the cell could not be started: %s" % problem))

    def _serve_file(self, connection, operation, fields):
        from . import files  # seldom needed, and not before the guest answers

        temporary = self.scans.temporary_name()
        fields[b"temporary"] = temporary
        fields[b"disk"] = self.disk
        # Before the fork: parent and child share one epoll, the child must not touch it.
        fd, already = connection.hand_over()
        try:
            pid = os.fork()
        except OSError:
            os.close(fd)  # not even the spare processes are left; the engine reads an end
            self.scans.forget(temporary)
            return
        if pid == 0:
            files.serve(fd, already, operation, fields, self.scans.note_fd)
        os.close(fd)

        def ended(usage):
            self.scans.forget(temporary)
            if operation == b"disk":
                self.scans.spend(usage)

        self.watch_own(pid, ended)

    def watch_own(self, pid, ended):
        """A child that does the guest's own work: cells come and go beside it."""
        self._own_children.add(pid)

        def gone(status, usage):
            self._own_children.discard(pid)
            ended(usage)

        self.children[pid] = gone

    # What cells need

    def interpreter(self):
        """The container's interpreter; a new one when there is none."""
        if self._interpreter is None:
            self._interpreter = Interpreter(self)
        return self._interpreter

    def save_interpreter(self, command, told):
        if self._interpreter is not None:
            self._interpreter.save(command, told)

    def has_interpreter(self):
        return self._interpreter is not None

    def interpreter_pid(self):
        """Of the container's interpreter, or None."""
        return None if self._interpreter is None else self._interpreter.pid

    def interpreter_gone(self, interpreter):
        if self._interpreter is interpreter:
            self._interpreter = None
            # Between cells it may have been saved: the next one that needs it will see.
            if self.cell is not None:
                self._interpreter_lost = True

    def take_interpreter_loss(self):
        """Whether an interpreter with its variables ended and no cell has been told yet."""
        lost, self._interpreter_lost = self._interpreter_lost, False
        return lost

    def python_command(self, function):
        start = (
            b"import sys;sys.path.insert(0,'%s/guest');import caisson_cell;"
            b"del sys.path[0];caisson_cell.%s()" % (CODE, function.encode())
        )
        return [self.python, b"-c", start]

    def _spared(self):
        spared = set(self._own_children)
        if self._interpreter is not None:
            spared.add(self._interpreter.pid)
        return spared

    def end_save(self):
        """Ends the processes of a save, and waits a moment for that: one with much memory takes
        longer, but does nothing any more."""
        end = time.monotonic() + _SAVE_END_SECONDS
        while True:
            left = processes.living(self._spared())
            processes.kill(left)
            self.reap()
            if not left or time.monotonic() > end:
                return
            time.sleep(0.001)

    def end_leftovers(self):
        """Ends what a cell left running; the interpreter stays unless nothing else helps."""
        processes.end_leftovers(self._spared(), self.reap)
        self.reap()
        # One that the cell has killed is told of in this cell's result, not in the next one's.
        end = time.monotonic() + _DOOMED_SECONDS
        while self._interpreter is not None and processes.doomed(self._interpreter.pid):
            time.sleep(0.001)
            self.reap()
            if time.monotonic() > end:
                raise processes.Unkillable

    # Children

    def _watch_children(self):
        read, write = os.pipe()
        os.set_blocking(read, False)
        os.set_blocking(write, False)
        _signal.signal(_signal.SIGCHLD, lambda *_: None)
        _signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        # An interrupt from inside must not stop process 1.
        _signal.signal(_signal.SIGINT, _signal.SIG_IGN)

        def woken():
            try:
                os.read(read, 4096)
            except BlockingIOError:
                pass
            self.reap()

        self.loop.watch(read, woken)

    def reap(self):
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            ended = self.children.pop(pid, None)
            if ended is not None:
                ended(status, usage)
            elif self.cell is not None:
                self.cell.count(usage)

    # Connections

    def _accept(self):
        try:
            fd, _ = self._listener._accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        Connection(self, fd)

    def connection_closed(self, connection):
        if self.cell is not None and self._cell_connection is connection:
            self.cell.cancel()


def _optional(options, name):
    return int(options[name]) if options.get(name) else None


def main(arguments):
    privileges.settle()
    Guest(dict(argument.split("=", 1) for argument in arguments)).run()

"""The guest's side of the container's Python interpreter: a process that keeps its variables from
cell to cell and is told over a control socket what to run, with the pipes to write to."""

import os
import struct

from . import frames, processes
from .cells import program_file
import _signal
import _socket


# Of notes on what could not be brought back.
_LONGEST_ANSWER = 1 << 17


class Interpreter:
    def __init__(self, guest):
        self._guest = guest
        self._cell = None
        self._token = b""
        self._restored = None
        ours, theirs = _socket.socketpair(
            _socket.AF_UNIX, _socket.SOCK_SEQPACKET | _socket.SOCK_CLOEXEC
        )
        self._control = ours
        ours.setblocking(False)
        null = guest.null
        try:
            self.pid = processes.spawn(
                guest.python_command("serve"),
                guest.environment,
                [null, null, null, theirs.fileno()],
                guest.max_processes,
                processes.OF_THE_INTERPRETER,
            )
        finally:
            theirs.close()
        guest.children[self.pid] = self._ended
        guest.loop.watch(ours.fileno(), self._readable)

    def restore(self, command, restored):
        """Has it bring back the variables of one before it, and calls restored(notes)."""
        self._restored = restored
        self._token = _token()
        self._send(b"restore %s %s" % (self._token, command), [])

    def run(self, cell, program, environment, out, err, line):
        """Hands over a cell. The token in it ties the answer to this cell and no other."""
        self._cell = cell
        self._token = _token()
        variables = [part for pair in environment.items() for part in pair]
        program = program_file(frames.with_header(variables, program))
        descriptors = [program, out, err]
        if line is not None:
            descriptors.append(line.theirs)
        try:
            self._send(self._token, descriptors)
        finally:
            os.close(program)

    def save(self, command, told):
        """Has it save its variables; told is closed when that has ended."""
        self._send(b"save %s" % command, [told])

    def _send(self, text, descriptors):
        rights = struct.pack("%di" % len(descriptors), *descriptors)
        ancillary = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)] if descriptors else []
        try:
            self._control.sendmsg([text], ancillary)
        except OSError:
            # It closed its end: it is going, or it belongs to code that took the process over.
            self.kill()

    def kill(self):
        try:
            os.kill(self.pid, _signal.SIGKILL)
        except ProcessLookupError:
            pass

    def cpu_nanos(self):
        """CPU time of its own threads so far; what it started is counted when it ends."""
        return processes.cpu_nanos(self.pid)

    def _readable(self):
        try:
            answer = self._control.recv(_LONGEST_ANSWER)
        except BlockingIOError:
            return
        except OSError:
            answer = b""
        if not answer:
            # Its end is closed: the code may have become another program by exec. If so the cell
            # lasts as long as the process; the interpreter is lost either way.
            self._guest.loop.forget(self._control.fileno())
            if self._cell is None:
                self.kill()
            return
        token, _, code = answer.partition(b" ")
        if token != self._token:
            return
        if self._restored is not None:
            restored, self._restored = self._restored, None
            restored(code.partition(b"\n")[2])
            return
        if self._cell is None:
            return
        try:
            number = int(code)
        except ValueError:
            return
        cell, self._cell = self._cell, None
        cell.interpreter_done(number & 0xFF)

    def _ended(self, status, usage):
        self._guest.loop.forget(self._control.fileno())
        self._control.close()
        self._guest.interpreter_gone(self)
        restored, self._restored = self._restored, None
        if restored is not None:
            restored(None)
        cell, self._cell = self._cell, None
        if cell is not None:
            cell.count(usage)
            cell.interpreter_ended(status)


def _token():
    return os.urandom(8).hex().encode()

"""Runs one cell: starts it, keeps its limit, collects its output, cleans up after it."""

import os
import stat
import time

from . import frames, privileges, processes
from .calls import Line
from .output import Output
import _signal

# A header lists the outputs; a cell that leaves more has its first ones taken and the rest named.
MAX_OUTPUTS = 1000

# What a cell that nobody waits for any more is given at most to end by itself: its container is to be
# free within a second.
_CANCEL_SECONDS = 0.5

# How long after SIGKILL a cell may stay before its sandbox is given up.
_KILL_SECONDS = 10.0

# What bringing back variables may take beyond its own time, which the interpreter keeps by itself.
_RESTORE_GRACE_SECONDS = 5.0

# Of notes on what could not be brought back.
_MOST_NOTES = 60

# As a shell says it.
_NOT_STARTED = 126

_RUNNING, _INTERRUPTED, _KILLED = range(3)


class Request:
    """What the engine asked to run; raises KeyError or ValueError when it is malformed."""

    def __init__(self, fields, code):
        named = dict(fields)
        self.language = named[b"language"]
        self.fresh = named[b"mode"] == b"fresh"
        self.limit = float(named[b"limit"])
        self.grace = float(named[b"grace"])
        self.cap = int(named[b"cap"])
        self.output_directory = named[b"output"]
        self.environment = {
            name[4:]: value for name, value in fields if name.startswith(b"env:")
        }
        # Tools of the client that the code may call.
        self.functions = [value for name, value in fields if name == b"function"]
        self.code = code


class Cell:
    """One cell from start to result. The guest's loop calls it; it calls nothing that waits, except
    for the end of processes that were sent SIGKILL."""

    def __init__(self, guest, connection, request):
        self._guest = guest
        self._connection = connection
        self._request = request
        self._changes_from = guest.scans.now()
        self._start_clocks()
        self._state = _RUNNING
        self._why = None  # "limit" or "cancelled" once the cell was told to end
        self._left = request.limit
        self._notes = []
        self._lost = False
        self._interpreter = None
        self._restoring = None  # what the interpreter is handed once it has its variables
        self._late = False
        self._counted = False  # among the cells of the interpreter
        self._pid = None
        self._line = None
        self._make_output_directory()
        out_read, out_write = os.pipe()
        err_read, err_write = os.pipe()
        try:
            self._outputs = (
                Output(out_read, request.cap, self._sender(frames.STDOUT)),
                Output(err_read, request.cap, self._sender(frames.STDERR)),
            )
            for output in self._outputs:
                os.set_blocking(output.fd, False)
                guest.loop.watch(output.fd, self._reader(output))
            if request.functions:
                self._line = Line(guest, self, request.functions)
            self._start(out_write, err_write)
        except OSError:
            for output in self._outputs:
                guest.loop.forget(output.fd)
                os.close(output.fd)
            if self._line is not None:
                self._line.close()
            raise
        finally:
            os.close(out_write)
            os.close(err_write)
            if self._line is not None and self._restoring is None:
                self._line.handed_over()

    # Starting

    def _start(self, out, err):
        request = self._request
        environment = dict(self._guest.environment)
        environment.update(request.environment)
        environment[b"OUTPUT_DIR"] = request.output_directory
        if request.language == b"python" and not request.fresh:
            self._enter_interpreter(out, err)
            return
        descriptors = [self._guest.null, out, err]
        if request.language == b"python" and self._line is not None:
            argv = self._guest.python_command("run_fresh_with_tools")
            program = frames.with_header(request.functions, request.code)
            descriptors += [program_file(program), self._line.theirs]
        elif request.language == b"python":
            argv = self._guest.python_command("run_fresh")
            descriptors.append(program_file(request.code))
        elif len(request.code) <= self._guest.ARGUMENT_CODE:
            # The way most shells are asked: messages then read "bash: line 3: ...".
            argv = [b"/bin/bash", b"-c", request.code, b"bash"]
        else:
            argv = [b"/bin/bash", b"/dev/fd/3"]
            descriptors.append(program_file(request.code))
        self._pid = processes.spawn(
            argv, environment, descriptors, self._guest.max_processes
        )
        for fd in descriptors[3:4]:
            os.close(fd)
        self._guest.children[self._pid] = self._process_ended

    def _enter_interpreter(self, out, err):
        guest = self._guest
        command = None
        if not guest.has_interpreter():
            try:
                guest.state.open()
                command = guest.state.to_restore()
            except (OSError, ValueError) as problem:
                self._notes.append(
                    "interpreter_state: variables are neither brought back nor saved: %s" % problem
                )
        self._interpreter = guest.interpreter()
        if command is None:
            self._run_in_interpreter(out, err)
            return
        self._restoring = os.dup(out), os.dup(err)
        self._deadline = time.monotonic() + guest.state.options.seconds + _RESTORE_GRACE_SECONDS
        self._interpreter.restore(command, self._restored)

    def _restored(self, notes):
        """The interpreter has its variables, but for those that the notes name. None: it ended."""
        out, err = self._restoring
        self._restoring = None
        try:
            if notes is None:
                self._guest.take_interpreter_loss()
                if self._state != _RUNNING:
                    self._finish(128 + _signal.SIGKILL)
                    return
                self._guest.state.forget()
                self._notes.append(
                    "interpreter_lost: the variables of earlier cells are lost: bringing them back "
                    + ("took too long" if self._late else "ended the interpreter")
                )
                self._interpreter = self._guest.interpreter()
            else:
                lines = notes.decode("utf-8", "replace").splitlines()[:_MOST_NOTES]
                self._notes += [line.replace("\0", "?") for line in lines]
                if self._state != _RUNNING:
                    self._finish(128 + _signal.SIGINT)
                    return
            self._start_clocks()
            self._run_in_interpreter(out, err)
        except OSError as problem:
            self._notes.append("caisson: the cell could not be started: %s" % problem)
            self._finish(_NOT_STARTED)
        finally:
            os.close(out)
            os.close(err)
            if self._line is not None:
                self._line.handed_over()

    def _start_clocks(self):
        self._started = time.monotonic()
        # None while the cell waits for answers to its calls: that time is not its own.
        self._deadline = self._started + self._request.limit
        self._scans_at_start = self._guest.scans.cpu_nanos()
        self._cpu_at_start = self._guest.meters.cpu_nanos()
        self._oom_at_start = self._guest.meters.oom_kills()
        self._reaped_cpu = 0.0

    def _run_in_interpreter(self, out, err):
        request = self._request
        environment = dict(request.environment)
        environment[b"OUTPUT_DIR"] = request.output_directory
        self._cpu_of_interpreter = self._interpreter.cpu_nanos()
        self._guest.state.cell_begins()
        self._counted = True
        program = frames.with_header(request.functions, request.code)
        self._interpreter.run(self, program, environment, out, err, self._line)

    def _make_output_directory(self):
        with privileges.AsCell():
            try:
                os.mkdir(self._request.output_directory, 0o755)
            except OSError as problem:
                self._notes.append(
                    "caisson: $OUTPUT_DIR could not be made: %s" % problem.strerror
                )

    # While it runs

    def _sender(self, kind):
        return lambda data: self._connection.send(frames.frame(kind, data))

    def _reader(self, output):
        def readable():
            output.read_some()
            if not output.open:
                self._guest.loop.forget(output.fd)

        return readable

    def seconds_left(self):
        """Until tick() has something to do; None when it has not."""
        if self._deadline is None:
            return None
        return max(0.0, self._deadline - time.monotonic())

    def tick(self):
        """Takes the next step of the ladder when its time has come: the limit, the grace after the
        interrupt, and what SIGKILL is given to work."""
        if self._deadline is None or time.monotonic() < self._deadline:
            return
        if self._restoring is not None and self._state == _RUNNING:
            if self._late:
                raise processes.Unkillable
            self._late = True
            self._deadline = time.monotonic() + _KILL_SECONDS
            self._interpreter.kill()
        elif self._state == _RUNNING:
            self._interrupt("limit")
        elif self._state == _INTERRUPTED:
            self._kill()
        else:
            raise processes.Unkillable

    def calls_made(self, batch):
        """The code has called tools: its clock stands until the last of them is answered."""
        if self._state != _RUNNING:
            return  # it was told to end; nobody will answer
        for number, name, body in batch:
            fields = [("number", number), ("name", name)]
            self._connection.send(frames.message(frames.CALL, fields, body))
        self._connection.send(frames.frame(frames.CALLS_WAIT))
        self._left = self._deadline - time.monotonic()
        self._deadline = None

    def answer(self, fields, text):
        if self._line is None:
            return
        if self._line.answer(int(fields[b"number"]), fields[b"outcome"], text):
            if self._deadline is None:
                self._deadline = time.monotonic() + self._left
            self._line.go_on()

    def line_broken(self, why):
        self._notes.append("caisson: the code can call no tools any more: %s" % why)

    def cancel(self):
        if self._state == _RUNNING:
            self._interrupt("cancelled")

    def _interrupt(self, why):
        self._why = why
        self._state = _INTERRUPTED
        grace = self._request.grace
        if why == "cancelled":
            grace = min(grace, _CANCEL_SECONDS)
        self._deadline = time.monotonic() + grace
        pid = self._pid if self._interpreter is None else self._interpreter.pid
        for target in (-pid, pid):
            # The group, and the leader by itself in case it has moved to another group.
            try:
                os.kill(target, _signal.SIGINT)
                if target < 0 and os.getpgid(pid) == pid:
                    break
            except ProcessLookupError:
                pass

    def _kill(self):
        self._state = _KILLED
        self._deadline = time.monotonic() + _KILL_SECONDS
        if self._interpreter is None:
            self._kill_one(self._pid)
        else:
            self._kill_one(self._interpreter.pid)

    def _kill_one(self, pid):
        try:
            os.kill(pid, _signal.SIGKILL)
        except ProcessLookupError:
            pass

    # The end

    def interpreter_done(self, code):
        """The interpreter says that the cell's code has ended."""
        self._finish(code)

    def interpreter_ended(self, status):
        """The interpreter's process ended before the cell's code did."""
        self._finish(processes.exit_code(status))

    def _process_ended(self, status, usage):
        self.count(usage)
        self._finish(processes.exit_code(status))

    def count(self, usage):
        """Adds the CPU time of a process that has ended."""
        self._reaped_cpu += usage.ru_utime + usage.ru_stime

    def _finish(self, code):
        ended_at = time.monotonic()
        self._state = _KILLED  # a cancel that comes now is too late
        guest = self._guest
        if self._line is not None:
            self._line.close()
        guest.end_leftovers()
        self._lost = guest.take_interpreter_loss()
        if self._lost:
            guest.state.forget()
        elif self._counted:
            guest.state.cell_ended()
        guest.state.rest()
        for output in self._outputs:
            output.drain(1 << 22)
            guest.loop.forget(output.fd)
            os.close(output.fd)
        names = self._collect()
        status, reason = self._judge(code)
        fields = [
            ("status", status),
            ("reason", reason),
            ("code", code),
            ("interpreter_lost", int(self._lost)),
            ("wall_nanos", int((ended_at - self._started) * 1e9)),
            ("cpu_nanos", self._cpu_nanos()),
            ("oom_kills", self._guest.meters.oom_kills()),
        ]
        for kind, name, output in (
            (frames.STDOUT_TAIL, "stdout_dropped", self._outputs[0]),
            (frames.STDERR_TAIL, "stderr_dropped", self._outputs[1]),
        ):
            tail, dropped = output.finish()
            fields.append((name, dropped))
            if tail or dropped:
                self._connection.send(frames.message(kind, [("dropped", dropped)], tail))
        fields += [("output", name) for name in names]
        fields += [("note", note) for note in self._notes]
        guest.cell = None
        self._connection.send(frames.message(frames.RESULT, fields))
        if not names:
            self._remove_output_directory()
        guest.scans.cell_ended(self._connection, self._changes_from)

    def _judge(self, code):
        starved = self._guest.meters.oom_kills() > self._oom_at_start
        if starved and code != 0 and self._why is None:
            return "killed", "out_of_memory"
        if starved:
            self._notes.append(
                "out_of_memory: a process of this cell was ended by the container's memory limit"
            )
        if self._why == "limit":
            return "timed_out", ""
        if self._why == "cancelled":
            return "killed", "cancelled"
        return "completed", ""

    def _cpu_nanos(self):
        if self._cpu_at_start is not None:
            # The container's meter runs for the guest's own scans as well.
            scans = self._guest.scans.cpu_nanos() - self._scans_at_start
            return max(0, self._guest.meters.cpu_nanos() - self._cpu_at_start - scans)
        nanos = int(self._reaped_cpu * 1e9)
        if self._interpreter is not None and self._guest.has_interpreter():
            nanos += self._interpreter.cpu_nanos() - self._cpu_of_interpreter
        return max(0, nanos)

    def _remove_output_directory(self):
        """Takes an empty one away. Nobody waits for that: the result is out, and whatever is asked
        of this container next comes after it."""
        with privileges.AsCell():
            try:
                os.rmdir(self._request.output_directory)
            except OSError:
                pass  # something is in it

    def _collect(self):
        """Names of the outputs."""
        names, others = [], []
        with privileges.AsCell():
            try:
                top = os.open(
                    self._request.output_directory,
                    os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC,
                )
            except OSError:
                return names
            try:
                for entry in os.listdir(top):
                    name = os.fsencode(entry)
                    status = os.stat(name, dir_fd=top, follow_symlinks=False)
                    plain = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
                    if plain and len(names) < MAX_OUTPUTS:
                        names.append(name)
                    else:
                        others.append((name, _describe(status)))
            except OSError as problem:
                self._notes.append("caisson: $OUTPUT_DIR: %s" % problem.strerror)
            finally:
                os.close(top)
        for name, what in sorted(others)[:20]:
            self._notes.append(
                "caisson: $OUTPUT_DIR/%s is %s and did not become an output; it was left where it is"
                % (name.decode("utf-8", "backslashreplace"), what)
            )
        if len(others) > 20:
            self._notes.append("caisson: ... and %d more" % (len(others) - 20))
        return sorted(names)


def _describe(status):
    mode = status.st_mode
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    if stat.S_ISREG(mode):
        if status.st_nlink > 1:
            return "a file with %d links" % status.st_nlink
        return "beyond the first %d files" % MAX_OUTPUTS
    return "no regular file"


def program_file(content):
    """An open file in memory, at its start, that a cell can read its program from."""
    fd = os.memfd_create("cell")
    frames.write_all(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd

"""One sandbox, from the keeper's side: started by fork and bubblewrap, ended by a signal, reaped."""

import json
import os
import resource
import signal
import socket
import time

from . import processes, syscalls, view, volumes, workspaces

BUBBLEWRAP = "/usr/bin/bwrap"

# Where parts of a workspace are shown in the private mount namespace that bubblewrap starts from.
# What else lies there is hidden for bubblewrap only; sources are opened before.
_STAGE = "/mnt"

_PARTS = ("tmp", "home", "files", "skills", "state")

_STARTING, _READY, _ENDING, _GONE = range(4)

# What bubblewrap and the guest may say before the sandbox works; more would be a flood.
_MAX_COMPLAINT = 4096

# Between fork and the first sign of process 1, on a busy machine.
_END_SECONDS = 10.0

# Address space per process is never limited (V8, the JVM and Go reserve far more than they use);
# where no cgroup holds memory, writable private memory is (see view of RLIMIT_DATA in getrlimit(2)).
_OPEN_FILES = 1024

# Not 0: a host whose core_pattern is a program would still be handed the cores of cells, to parse
# them as root. A limit of one byte is what the kernel refuses to dump to either, see core(5).
_CORE_BYTES = 1


class Sandbox:
    """Calls done(error) once when it works or cannot, and each of on_gone when all of its processes
    have ended."""

    def __init__(self, loop, host, serial, request, owner, volume, group, done):
        self.container = request["container"]
        self.serial = serial
        self.presence = None
        self.on_gone = []
        self.socket_name = "s/%d.sock" % serial
        self._loop = loop
        self._host = host
        self._request = request
        self._owner = owner
        self._volume = volume
        self._group = group
        self._done = done
        self._state = _STARTING
        self._complaint = b""
        self._status_text = b""
        self._info_text = b""
        self._guest_pid_fd = None
        self.guest = None  # process 1
        self._usage = {}
        self._start()

    # Start

    def _start(self):
        request, host = self._request, self._host
        limits = request["limits"]
        environment = view.environment(request["image"], limits["cpus"])
        # Here, not in the child: of children there are several at once.
        machine = host.machine.files(limits["memory"], limits["cpus"])
        listener = _listen(self.socket_name)
        lifeline, inner_lifeline = socket.socketpair()
        status, inner_status = socket.socketpair()
        info, inner_info = os.pipe()
        complaints, inner_complaints = os.pipe()
        meters = {}
        if self._group is not None:
            meters = {name: self._group.meter(name) for name in ("cpu", "oom")}
        launch = _Launch(
            request, host, self._owner, self._volume, self._group, environment, machine,
            listener.fileno(),
            inner_lifeline.fileno(), inner_status, inner_info, inner_complaints, meters,
        )
        self.pid = os.fork()
        if self.pid == 0:
            launch.run()
        for end in (listener, inner_lifeline, inner_status):
            end.close()
        for fd in (inner_info, inner_complaints, *meters.values()):
            os.close(fd)
        self._lifeline, self._status, self._info, self._complaints = (
            lifeline, status, info, complaints,
        )
        lifeline.setblocking(False)
        status.setblocking(False)
        self._loop.watch(lifeline, self._guest_ready)
        self._loop.watch(status, self._status_readable)
        self._loop.watch(info, self._info_readable)
        self._loop.watch(complaints, self._complaint_readable)

    def _status_readable(self):
        """The child before bubblewrap: U asks for its id maps, anything else is an error text."""
        data = _receive(self._status)
        if data is None:
            return
        if data == b"U":
            try:
                _map_ids(self.pid, self._owner)
                self._status.send(b"G")
            except OSError as problem:
                self._status_text = b"id maps: %s" % str(problem).encode()
                os.kill(self.pid, signal.SIGKILL)
        elif data:
            self._status_text += data
        else:
            self._loop.forget(self._status)
            self._status.close()

    def _info_readable(self):
        data = os.read(self._info, 4096)
        if data:
            self._info_text += data
            return
        self._loop.forget(self._info)
        os.close(self._info)
        self._info = None
        try:
            # The child of a process that has not been waited for yet: the number is its own still.
            guest_pid = json.loads(self._info_text)["child-pid"]
            self._guest_pid_fd = os.pidfd_open(guest_pid)
            self.guest = processes.find(guest_pid)
        except (ValueError, KeyError, OSError):
            return
        if self._state == _ENDING:
            self._kill()

    def _complaint_readable(self):
        data = os.read(self._complaints, 4096)
        if data:
            self._complaint = (self._complaint + data)[-_MAX_COMPLAINT:]
        else:
            self._loop.forget(self._complaints)
            os.close(self._complaints)
            self._complaints = None

    def _guest_ready(self):
        data = _receive(self._lifeline)
        if data and self._state == _STARTING:
            self._state = _READY
            self._tell(None)
        elif data == b"":
            self._loop.forget(self._lifeline)

    def _tell(self, error):
        done, self._done = self._done, None
        if done is not None:
            done(error)

    # End

    def usage(self):
        """What its control group has counted, also once it has ended; empty without a group."""
        if self._group is not None and self._state != _GONE:
            self._usage = self._group.usage()
        return self._usage

    @property
    def ending(self):
        return self._state == _ENDING

    def end(self):
        """Ends process 1 as soon as it is known. Killing bubblewrap before that could leave process
        1 behind, not yet told to die with its parent."""
        if self._state in (_STARTING, _READY):
            self._state = _ENDING
            self._end_by = time.monotonic() + _END_SECONDS
            if self._guest_pid_fd is not None:
                self._kill()

    def tend(self, now):
        """Ends what did not even start in time."""
        if self._state == _ENDING and now > self._end_by:
            self._end_by = now + _END_SECONDS
            self._kill()

    def _kill(self):
        """Ends process 1, and with it every process of its namespace."""
        try:
            if self._guest_pid_fd is not None:
                signal.pidfd_send_signal(self._guest_pid_fd, signal.SIGKILL)
            else:
                os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def reaped(self):
        """Bubblewrap has ended, which it does after process 1 has."""
        self.usage()  # the group goes with it
        self._state = _GONE
        if self._complaints is not None:
            self._loop.forget(self._complaints)
            self._complaint += _rest(self._complaints)
            os.close(self._complaints)
        for end in (self._lifeline, self._status):
            if end.fileno() >= 0:
                self._loop.forget(end)
                if end is self._status:
                    self._status_text += _receive(end) or b""
                end.close()
        if self._info is not None:
            self._loop.forget(self._info)
            os.close(self._info)
        if self._guest_pid_fd is not None:
            os.close(self._guest_pid_fd)
        try:
            os.unlink(self.socket_name)
        except FileNotFoundError:
            pass
        text = (self._status_text + self._complaint).decode("utf-8", "replace").strip()
        self._tell(text or "it ended before it was ready")
        for callback in self.on_gone:
            callback()

    @property
    def has_volume(self):
        return self._volume is not None

    def release_volume(self):
        """What is mounted keeps the device until it has gone."""
        if self._volume is not None:
            os.close(self._volume)
            self._volume = None

    def release_group(self):
        """Whether the cgroup is gone; the kernel may take a moment."""
        if self._group is None:
            return True
        for pid in self._group.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return self._group.remove()


class _Launch:
    """What happens in the child between fork and bubblewrap."""

    def __init__(self, request, host, owner, volume, group, environment, machine, listener, lifeline,
                 status, info, complaints, meters):
        self._request = request
        self._host = host
        self._owner = owner
        self._volume = volume
        self._group = group
        self._environment = environment
        self._machine = machine
        self._listener = listener
        self._lifeline = lifeline
        self._status = status
        self._info = info
        self._complaints = complaints
        self._meters = meters

    def run(self):
        try:
            self._run()
        except BaseException as problem:
            try:
                self._status.send(("%s" % problem).encode()[:2000])
            finally:
                os._exit(1)

    def _run(self):
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDWR)
        for target, source in ((0, null), (1, null), (2, self._complaints)):
            os.dup2(source, target)
        if self._group is not None:
            self._group.join()
        places = self._places()
        if self._host.separate:
            places = _stage(places, self._workspace_parts(), self._volume, self._owner)
        else:
            places.update(self._workspace_parts())
        arguments = view.View(
            places, self._host.shown_etc, self._request["image"], self._request["limits"]["memory"],
            self._host.separate,
        ).arguments(self._environment)
        self._limit_resources()
        if self._host.separate:
            self._become_sandbox_root()
        options = ["--args", _memory_file("arguments", b"".join(
            os.fsencode(argument) + b"\0" for argument in arguments))]
        options += ["--seccomp", _memory_file("seccomp", self._host.seccomp)]
        options += ["--info-fd", self._info]
        command = [BUBBLEWRAP] + [str(option) for option in options] + ["--"] + self._guest()
        # The status socket closes by itself when bubblewrap runs.
        self._keep_only([self._status.fileno()], [int(options[1]), int(options[3]), self._info, self._listener,
                         self._lifeline, *self._meters.values()])
        os.execv(BUBBLEWRAP, command)

    def _workspace_parts(self):
        workspace = os.path.join(self._host.workspaces, self._request["container"])
        return {name: os.path.join(workspace, name) for name in _PARTS}

    def _places(self):
        places = {}
        places["code"] = self._host.code
        places["etc"] = self._host.etc
        places["proc"] = self._machine
        image = self._request["image"]
        if image["kind"] != "LAYER" or image.get("siteDirectory"):
            places["image"] = image["directory"]
        return places

    def _guest(self):
        options = {
            "listener": self._listener,
            "lifeline": self._lifeline,
            "python": self._request["image"]["python"],
            "processes": self._request["limits"]["processes"],
            "state": self._request["state"],
            "disk": "%d,%s" % (self._request["limits"]["disk"], self._request["disk"]),
        }
        options.update(self._meters)
        start = (
            "import sys;sys.path.insert(0,'/opt/caisson');"
            "from guest import supervisor;supervisor.main(sys.argv[1:])"
        )
        # -S: the guest needs nothing that is installed, and starts in half the time.
        return [self._request["image"]["python"], "-I", "-S", "-c", start] + [
            "%s=%s" % option for option in options.items()
        ]

    def _limit_resources(self):
        limits = self._request["limits"]
        wanted = {
            resource.RLIMIT_CORE: _CORE_BYTES,
            resource.RLIMIT_NOFILE: _OPEN_FILES,
            resource.RLIMIT_FSIZE: limits["disk"],
        }
        if self._group is None:
            wanted[resource.RLIMIT_DATA] = limits["memory"]
        for kind, value in wanted.items():
            hard = resource.getrlimit(kind)[1]
            if hard != resource.RLIM_INFINITY:
                value = min(value, hard)
            resource.setrlimit(kind, (value, value))

    def _become_sandbox_root(self):
        """A user namespace in which this process is root and maps to an id of the container's own;
        the host's root is nobody in it."""
        syscalls.unshare(syscalls.CLONE_NEWUSER)
        self._status.send(b"U")
        if self._status.recv(1) != b"G":
            raise OSError("the keeper could not map the ids of the sandbox")
        os.setgroups([])
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        try:
            # No user namespaces below this one. seccomp refuses them as well.
            with open("/proc/sys/user/max_user_namespaces", "w") as file:
                file.write("0")
        except OSError:
            pass

    def _keep_only(self, kept, passed_on):
        """bubblewrap passes on every descriptor that it finds."""
        first = 3
        for fd in sorted(kept + passed_on):
            os.closerange(first, fd)
            os.set_inheritable(fd, fd in passed_on)
            first = fd + 1
        os.closerange(first, max(first, _OPEN_FILES))


def _stage(places, parts, volume, owner):
    """Shows the places and the parts of the workspace where the sandbox's ids can reach them, whatever
    they lie under. The parts lie in the volume when there is one."""
    syscalls.unshare(syscalls.CLONE_NEWNS)
    outside = places if volume is not None else {**places, **parts}
    opened = {name: os.open(path, os.O_PATH) for name, path in outside.items()}
    syscalls.mount(
        "caisson", _STAGE, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "mode=0755,size=1m"
    )
    if volume is not None:
        mounted = os.path.join(_STAGE, "volume")
        os.mkdir(mounted, 0o700)
        volumes.mount(volume, mounted)
        workspaces.fill(mounted, owner)
        for name in parts:
            opened[name] = os.open(os.path.join(mounted, name), os.O_PATH | os.O_NOFOLLOW)
    staged = {}
    for name, fd in opened.items():
        staged[name] = os.path.join(_STAGE, name)
        os.mkdir(staged[name], 0o755)
        syscalls.mount(
            "/proc/self/fd/%d" % fd, staged[name], "", syscalls.MS_BIND | syscalls.MS_REC
        )
        os.close(fd)
    return staged


def _map_ids(pid, owner):
    lines = "0 %d 1\n1000 %d 1\n" % (owner - 1, owner)
    for name in ("uid_map", "gid_map"):
        with open("/proc/%d/%s" % (pid, name), "w") as file:
            file.write(lines)


def _listen(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(64)
    return listener


def _memory_file(name, content):
    fd = os.memfd_create(name)
    view_of = memoryview(content)
    while view_of:
        view_of = view_of[os.write(fd, view_of):]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _receive(end):
    """What is there now; b"" at the end, None when nothing has come yet."""
    try:
        return end.recv(4096)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _rest(fd):
    os.set_blocking(fd, False)
    try:
        return os.read(fd, _MAX_COMPLAINT)
    except OSError:
        return b""

"""The keeper's main loop: takes commands from the processes that use the data directory and ends
what they leave behind."""

import errno
import json
import os
import py_compile
import resource
import selectors
import shutil
import signal
import socket
import struct
import sys
import time
import traceback

from . import cgroups, copies, machine, sandbox, seccomp, syscalls, view, volumes, workspaces

_LENGTH = struct.Struct("!I")
_MAX_COMMAND = 1 << 20
_RETRY_SECONDS = 0.02
_LINGER_SECONDS = 2.0

# Of so many sandboxes that have ended it is still known what they used.
_REMEMBERED = 1000


class Loop:
    def __init__(self):
        self._selector = selectors.DefaultSelector()

    def watch(self, file, readable):
        self._selector.register(file, selectors.EVENT_READ, readable)

    def forget(self, file):
        try:
            self._selector.unregister(file)
        except (KeyError, ValueError):
            pass

    def turn(self, timeout):
        for key, _ in self._selector.select(timeout):
            # An earlier callback of this turn may have closed it.
            if self._selector.get_map().get(key.fd) is key:
                try:
                    key.data()
                except Exception:
                    # One connection's or sandbox's trouble; the others need their keeper.
                    traceback.print_exc()
                    sys.stderr.flush()


class Host:
    """What all sandboxes of this keeper share."""

    def __init__(self, data, source):
        self.separate = os.getuid() == 0
        self.workspaces = os.path.join(data, "containers")
        run = os.path.join(data, "run")
        self.code = os.path.join(run, "inside")
        self.etc = os.path.join(run, "etc")
        self.machine = machine.Machine(os.path.join(run, "proc"))
        self.seccomp = seccomp.program()
        self.shown_etc = view.make_etc(self.etc)
        _compile(os.path.join(source, "guest"), os.path.join(self.code, "guest"))


def _compile(source, target):
    """A copy of the guest's code that anybody may read, compiled: it starts with every sandbox."""
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(target)
    for name in os.listdir(source):
        if name.endswith(".py"):
            copy = shutil.copyfile(os.path.join(source, name), os.path.join(target, name))
            py_compile.compile(
                copy, doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )


class Client:
    """One connection. A presence says that a process is there; others carry one command each."""

    def __init__(self, keeper, connection):
        self._keeper = keeper
        self._connection = connection
        self._buffer = bytearray()
        self.present = False
        self.on_close = lambda: None
        connection.setblocking(False)
        keeper.loop.watch(connection, self._readable)

    def _readable(self):
        try:
            data = self._connection.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            self._keeper.client_gone(self)
            return
        self._buffer += data
        while len(self._buffer) >= 4:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > _MAX_COMMAND:
                self.close()
                self._keeper.client_gone(self)
                return
            if len(self._buffer) < 4 + length:
                return
            text = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            self._keeper.command(self, text)

    def reply(self, **fields):
        text = json.dumps(fields).encode()
        try:
            # Replies are small and read at once; one that does not fit has no reader.
            self._connection.setblocking(True)
            self._connection.settimeout(5)
            self._connection.sendall(_LENGTH.pack(len(text)) + text)
            self._connection.setblocking(False)
        except OSError:
            pass

    def close(self):
        self._keeper.loop.forget(self._connection)
        self._connection.close()
        self.on_close()


class Keeper:
    def __init__(self, data, source, version, orphan_seconds, disk_wall):
        self.loop = Loop()
        self._version = version
        self._orphan = orphan_seconds
        self._host = Host(data, source)
        self._workspaces = workspaces.Workspaces(self._host.workspaces, self._host.separate)
        self._cgroups = cgroups.find(data)
        self._cgroups.sweep()
        self._serial = 0
        self._sandboxes = {}  # by container: the one that is not gone
        self._by_pid = {}
        self._usages = {}  # by serial: what sandboxes that are gone had used
        self._copies = set()  # of workspaces, under way
        self._lingering = []  # gone, but with a cgroup that the kernel still holds
        self._presences = {}  # by token
        self._orphaned = {}  # token -> when its sandboxes end
        self._emptying = None
        self._stopping = False
        self._replaced = False  # a keeper of another version waits for our end
        # Nobody has come yet; the one who started us has as long as an orphan.
        self._idle_since = time.monotonic()
        if self._host.separate:
            syscalls.unshare(syscalls.CLONE_NEWNS)
            # What the host mounts later shows here, nothing of ours shows there.
            syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_SLAVE)
        self._watch_children()
        self._no_volumes = self._find_volumes(disk_wall)
        self._empty_trash()

    def _find_volumes(self, disk_wall):
        """Why workspaces get no file systems of their own; None when they do."""
        if disk_wall == "watchdog":
            return "the setting disk-wall asks for the watchdog"
        if not self._host.separate:
            return "only root can mount them"
        makes = volumes.Volumes()
        try:
            makes.try_out(self._host.workspaces)
        except volumes.Unavailable as problem:
            return "a file system for a single workspace could not be made: %s" % problem
        self._workspaces.makes = makes
        return None

    def serve(self, listener):
        self._listener = listener
        self.loop.watch(listener, lambda: Client(self, listener.accept()[0]))
        while not self._finished():
            self.loop.turn(self._seconds_to_wait())
            self._tend()
        self._cgroups.close()

    def _finished(self):
        """What was deleted must be gone from the disk, unless our successor sees to it."""
        return self._ended() and (self._replaced or self._emptying is None)

    def _ended(self):
        """The sandboxes must have ended; a cgroup that the kernel holds on to is swept next time."""
        if not self._stopping or self._by_pid or self._copies:
            return False
        return not self._lingering or time.monotonic() > self._stopping_since + _LINGER_SECONDS

    def command(self, client, text):
        try:
            request = json.loads(text)
            handler = getattr(self, "_do_" + request["do"])
        except (ValueError, KeyError, TypeError, AttributeError):
            client.reply(error="malformed command")
            return
        try:
            handler(client, request)
        except (workspaces.Refused, OSError) as problem:
            full = getattr(problem, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
            client.reply(error=str(problem), full=full)
        except Exception as problem:
            # Whoever asked waits for an answer; the loop writes down what went wrong.
            client.reply(error="the keeper failed: %r" % problem)
            raise

    # Commands

    def _do_hello(self, client, request):
        """A process takes its place; sandboxes that it starts name its token."""
        if request["version"] != self._version:
            if self._presences:
                client.reply(error="busy", pids=[p.pid for p in self._presences.values()])
                return
            client.reply(error="replaced")
            self._replaced = True
            self._stop()
            return
        if self._ended() and not self._replaced:
            # Only the trash kept us; whoever comes need not wait until it is empty.
            self._stopping = False
        if self._stopping:
            client.reply(error="replaced")
            return
        client.present = True
        client.pid = request["pid"]
        client.token = request["token"]
        self._presences[client.token] = client
        client.reply(
            pid=os.getpid(),
            separate=self._host.separate,
            cgroups=self._cgroups.version,
            cgroups_missing=self._cgroups.reason,
            disk="watchdog" if self._no_volumes else "loop",
            disk_missing=self._no_volumes or "",
        )

    def _do_goodbye(self, client, request):
        """A graceful end: what it started ends now, and the keeper with its last user."""
        self._presences.pop(client.token, None)
        client.present = False
        waiting = [s for s in self._sandboxes.values() if s.presence == client.token]

        def gone(sandbox):
            waiting.remove(sandbox)
            if not waiting:
                client.reply(ok=True)

        for running in list(waiting):
            running.on_gone.append(lambda running=running: gone(running))
        if not waiting:
            client.reply(ok=True)
        self._end_of(client.token)
        if not self._presences and not self._orphaned:
            self._stop()

    def _do_start(self, client, request):
        if self._stopping:
            client.reply(error="replaced")
            return
        container = request["container"]
        old = self._sandboxes.get(container)
        if old is not None:
            # Only one at a time around a workspace; the newest owner wins.
            old.on_gone.append(lambda: self.command(client, json.dumps(request)))
            old.end()
            return
        owner = self._workspaces.prepare(container, request["limits"]["disk"])
        image = self._workspaces.volume(self._workspaces.path(container))
        volume = None if image is None else volumes.attach(image)
        request["disk"] = "watchdog" if volume is None else "loop"
        self._serial += 1
        group = self._cgroups.create("%s.%d" % (container, self._serial), request["limits"])

        def told(error):
            if error is None:
                client.reply(
                    socket=started.socket_name, serial=started.serial, disk=request["disk"]
                )
            else:
                client.reply(error=error)

        try:
            started = sandbox.Sandbox(
                self.loop, self._host, self._serial, request, owner, volume, group, told
            )
        except OSError:
            if volume is not None:
                os.close(volume)
            if group is not None:
                group.remove()
            raise
        started.presence = request["token"]
        self._sandboxes[container] = started
        self._by_pid[started.pid] = started

    def _do_end(self, client, request):
        """Replies when all processes have ended; without a serial, those of whoever started them."""
        running = self._sandboxes.get(request["container"])
        if running is None or request.get("serial", running.serial) != running.serial:
            client.reply(ok=True)
            return
        running.on_gone.append(lambda: client.reply(ok=True))
        running.end()

    def _do_usage(self, client, request):
        """What a sandbox has used, also when it is gone; nothing when nobody knows any more."""
        running = self._sandboxes.get(request["container"])
        if running is not None and running.serial == request["serial"]:
            client.reply(**running.usage())
        else:
            client.reply(**self._usages.get(request["serial"], {}))

    def _do_delete(self, client, request):
        container = request["container"]
        self._workspaces.path(container)
        for one in self._copies:
            if one.target.container == container:
                # What its end leaves is nothing: no one finds the workspace afterwards.
                one.abort()
        running = self._sandboxes.get(container)
        if running is not None:
            running.on_gone.append(lambda: self.command(client, json.dumps(request)))
            running.end()
            return
        found = self._workspaces.discard(container)
        self._empty_trash()
        client.reply(ok=True, found=found)

    def _do_copy(self, client, request):
        """Copies a workspace into one for a container that has none, or to or from a directory, which
        an absolute path stands for. Ends when the client goes; what runs around the source stands
        still meanwhile, and who asks sees to it that nothing is opened or written there."""
        source = copies.Place(self._workspaces, request["from"])
        target = copies.Place(self._workspaces, request["to"])
        if not source.is_there():
            client.reply(found=False)
            return
        running = self._sandboxes.get(source.container)
        owners = None
        new = None
        if self._host.separate:
            owner = source.owner()
            new = owner if target.container is None else self._workspaces.new_owner()
            owners = {owner: new, owner - 1: new - 1, None: new}

        def done(fields):
            self._copies.discard(copy)
            client.on_close = lambda: None
            if "error" in fields:
                self._empty_trash()
            else:
                fields["found"] = True
            client.reply(**fields)

        copy = copies.Copy(
            self.loop, source, target, owners, new, running and running.guest, done
        )
        self._copies.add(copy)
        client.on_close = copy.abort

    def _do_flush(self, client, request):
        """Writes what volumes hold to their files, where the host's disk may have no room for it.
        Replies with those of which something has not been written."""
        mounted = {}
        for container in request["containers"]:
            running = self._sandboxes.get(container)
            if running is not None and running.has_volume and running.guest is not None:
                mounted[container] = running.guest.number
        if mounted:
            volumes.Flush(self.loop, mounted, lambda failed: client.reply(failed=failed))
        else:
            client.reply(failed=[])

    def _do_list(self, client, request):
        client.reply(containers=self._workspaces.names())

    # Ends

    def client_gone(self, client):
        if not client.present or self._presences.pop(client.token, None) is None:
            return
        self._orphaned[client.token] = time.monotonic() + self._orphan

    def _end_of(self, token):
        for running in list(self._sandboxes.values()):
            if running.presence == token:
                running.end()

    def _stop(self):
        if not self._stopping:
            self._stopping = True
            self._stopping_since = time.monotonic()
        for running in list(self._sandboxes.values()):
            running.end()
        for copy in self._copies:
            copy.abort()

    def _tend(self):
        now = time.monotonic()
        for token, deadline in list(self._orphaned.items()):
            if now >= deadline:
                del self._orphaned[token]
                self._end_of(token)
        if self._presences or self._orphaned:
            self._idle_since = None
        elif self._idle_since is None:
            # Every user went without a goodbye and its time is over.
            self._stop()
        elif now >= self._idle_since + max(self._orphan, 5.0):
            self._stop()
        for running in self._by_pid.values():
            running.tend(now)
        self._lingering = [gone for gone in self._lingering if not gone.release_group()]

    def _seconds_to_wait(self):
        deadlines = list(self._orphaned.values())
        if self._idle_since is not None:
            deadlines.append(self._idle_since + max(self._orphan, 5.0))
        if self._lingering or any(running.ending for running in self._by_pid.values()):
            deadlines.append(time.monotonic() + _RETRY_SECONDS)
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    # Children

    def _watch_children(self):
        read, write = os.pipe()
        os.set_blocking(read, False)
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._stop())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

        def woken():
            os.read(read, 4096)
            self._reap()
            # What was discarded while a child emptied the trash.
            self._empty_trash()

        self.loop.watch(read, woken)

    def _reap(self):
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._emptying:
                self._emptying = None
                continue
            ended = self._by_pid.pop(pid, None)
            if ended is not None:
                if self._sandboxes.get(ended.container) is ended:
                    del self._sandboxes[ended.container]
                self._lingering.append(ended)
                ended.release_volume()
                ended.reaped()
                self._usages[ended.serial] = ended.usage()
                if len(self._usages) > _REMEMBERED:
                    del self._usages[next(iter(self._usages))]

    def _empty_trash(self):
        if self._emptying is None:
            self._emptying = self._workspaces.empty_trash()


def main(arguments):
    """Becomes a daemon; the process that was started ends when commands can be sent."""
    data, source, version, orphan_seconds, disk_wall = arguments
    ready, told = os.pipe()
    if os.fork():
        os.close(told)
        with open(ready) as answer:
            text = answer.read()
        if text == "ready":
            os._exit(0)
        sys.stderr.write(text or "the keeper ended before it was ready")
        sys.stderr.flush()
        os._exit(1)
    os.close(ready)
    os.setsid()
    if os.fork():
        os._exit(0)
    try:
        _become_daemon(data, told)
        lock = workspaces.lock("keeper.lock")
        if lock is None:
            os.write(told, b"ready")  # by another one
            os._exit(0)
        os.truncate("keeper.log", 0)
        keeper = Keeper(data, source, version, float(orphan_seconds), disk_wall)
        listener = _listen()
        os.write(told, b"ready")
        os.close(told)
        told = None
        keeper.serve(listener)
        os.unlink("keeper.sock")
        os._exit(0)
    except BaseException as problem:
        traceback.print_exc()
        sys.stderr.flush()
        if told is not None:
            os.write(told, ("%s: %s" % (type(problem).__name__, problem)).encode())
        os._exit(1)


def _become_daemon(data, told):
    os.umask(0o022)
    run = os.path.join(data, "run")
    os.makedirs(run, mode=0o700, exist_ok=True)
    os.chmod(run, 0o700)
    os.chdir(run)  # sockets are named relative to it: their paths may have 107 bytes
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open("keeper.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != told:
            try:
                os.close(int(name))
            except OSError:
                pass  # the listing's own
    # Each sandbox takes some descriptors; what they inherit is limited anew.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    syscalls.become_subreaper()


def _listen():
    shutil.rmtree("s", ignore_errors=True)
    os.mkdir("s", 0o700)
    try:
        os.unlink("keeper.sock")
    except FileNotFoundError:
        pass
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind("keeper.sock")
    os.chmod("keeper.sock", 0o600)
    listener.listen(64)
    return listener

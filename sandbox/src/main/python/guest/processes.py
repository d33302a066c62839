"""Starts the processes of cells and ends what cells leave behind."""

import os
import resource
import time

from . import privileges
import _signal

HOME = "/home/user"

# Rounds of looking for leftovers one by one before all are ended at once, the interpreter included:
# a fork bomb can outrun the first way, never the second.
_PATIENT_ROUNDS = 20
_FINAL_SECONDS = 5.0


def _kernel_version():
    return tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])


# Before Linux 5.14 the limit counts all that the user runs on the host, see getrlimit(2).
_COUNTS_PROCESSES_PER_NAMESPACE = _kernel_version() >= (5, 14)


class Unkillable(Exception):
    """Something is left that SIGKILL does not end."""


# Of the memory that a container has, in thousandths: what a process counts more than it has when
# the kernel looks for one to end. An interpreter has the variables of many cells.
OF_A_CELL, OF_THE_INTERPRETER = 1000, 500


def spawn(argv, environment, descriptors, max_processes, score=OF_A_CELL):
    """Starts a process of the cells' user in a session of its own.

    descriptors: what become its descriptors 0, 1, 2, 3...; nothing else is inherited.
    """
    pid = os.fork()
    if pid:
        return pid
    try:
        _become(descriptors, max_processes, score)
        os.execve(argv[0], argv, environment)
    except BaseException as problem:
        try:
            os.write(2, ("caisson: cannot start %s: %s\n" % (argv[0], problem)).encode())
        finally:
            os._exit(127)


def _become(descriptors, max_processes, score):
    count = len(descriptors)
    # First out of the way, then into place: a source may sit where another one must go.
    high = [_copy_above(fd, count) for fd in descriptors]
    for target, source in enumerate(high):
        os.dup2(source, target)
    os.closerange(count, _highest_descriptor() + 1)
    os.setsid()
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ, _signal.SIGINT, _signal.SIGCHLD):
        _signal.signal(number, _signal.SIG_DFL)
    privileges.first_to_die(score)
    privileges.become_cell()
    if privileges.SEPARATE or _COUNTS_PROCESSES_PER_NAMESPACE:
        # Lower than the cgroup's limit, so that the guest can always start one more.
        resource.setrlimit(resource.RLIMIT_NPROC, (max_processes, max_processes))
    os.umask(0o022)
    try:
        os.chdir(HOME)
    except OSError:
        os.chdir("/")  # the container's code has closed its own home


def _copy_above(fd, floor):
    copies = []
    while True:
        fd = os.dup(fd)
        if fd >= floor:
            break
        copies.append(fd)
    return fd


def _highest_descriptor():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def living(spared):
    """Processes of this sandbox that still run, except process 1 and the spared."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        pid = int(name)
        if pid == 1 or pid in spared:
            continue
        try:
            ended = _has_ended(_stat(pid))
        except OSError:
            continue
        if not ended:
            found.append(pid)
    return found


def _has_ended(status):
    """Whether all threads of a process have: the state is that of the first one."""
    return status[0] in b"ZX" and int(status[17]) < 2


# Flags of a task that is on its way out, see the kernel's sched.h: PF_EXITING and PF_SIGNALED.
_ENDING_FLAGS = 0x4 | 0x400


def doomed(pid):
    """Whether a process has been sent SIGKILL, or has ended, and only its wait is missing."""
    try:
        # In this order: the signal stops being pending just before the flags are set.
        pending = int(_stat(pid)[28]) & 1 << (_signal.SIGKILL - 1)
        after = _stat(pid)
    except OSError:
        return True
    if after[0] in b"ZX":
        return _has_ended(after)
    return bool(pending or int(after[6]) & _ENDING_FLAGS)


def _stat(pid):
    """What follows a process's name in its stat file, see proc(5): state, flags at 6, threads
    at 17, the first one's pending signals at 28. Read by hand: every cell waits for this."""
    fd = os.open("/proc/%d/stat" % pid, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, 4096).rpartition(b")")[2].split()
    finally:
        os.close(fd)


def end_leftovers(spared, reap):
    """Ends every process but process 1 and the spared.

    Returns whether the spared had to be ended too. Calls reap() between rounds.
    """
    rounds = running = 0
    end = time.monotonic() + _FINAL_SECONDS
    while running < _PATIENT_ROUNDS:
        left = living(spared)
        if not left:
            return False
        # One with much memory takes a while to end; what counts is whether new ones come.
        running += kill(left) > 0
        reap()
        rounds += 1
        if rounds > 3:
            time.sleep(0.001)
        if time.monotonic() > end:
            break
    end = time.monotonic() + _FINAL_SECONDS
    while living(()):
        _kill(-1)
        reap()
        if time.monotonic() > end:
            raise Unkillable
        time.sleep(0.002)
    return True


def kill(pids):
    """Ends them, and counts those that were not ending already."""
    running = [pid for pid in pids if not doomed(pid)]
    for pid in running:
        _kill(pid)
    return len(running)


def _kill(pid):
    try:
        os.kill(pid, _signal.SIGKILL)
    except ProcessLookupError:
        pass


def cpu_nanos(pid):
    """CPU time of a child's own threads so far, until it has been waited for."""
    # The clock of a process by its id, see clock_getcpuclockid(3).
    return time.clock_gettime_ns(~pid << 3 | 2)


def exit_code(status):
    """A wait status as a shell would show it."""
    if os.WIFSIGNALED(status):
        return 128 + os.WTERMSIG(status)
    return os.WEXITSTATUS(status)

import ctypes, errno, os, platform, signal, socket, struct, subprocess, sys, threading, time

CANARY = os.environ["CAISSON_CANARY"]  # a file of the host that nobody inside may see
PORT = int(os.environ["CAISSON_PORT"])  # of the server
DATA = os.environ["CAISSON_DATA"]  # its data directory
SERVER = int(os.environ["CAISSON_SERVER"])  # its pid, as the host knows it

libc = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() in ("aarch64", "arm64")


def held(how):
    print("held:", how, flush=True)


def escaped(what):
    print("ESCAPED", what, flush=True)


def attempt(what, function, *arguments):
    """Does what must fail with an OSError."""
    try:
        result = function(*arguments)
    except OSError as refusal:
        held("%s: %s" % (what, errno.errorcode.get(refusal.errno, refusal)))
    else:
        escaped("%s: %r" % (what, result))


def syscall(what, number, *arguments, errors=("EPERM", "ENOSYS")):
    """Makes a system call that the kernel must refuse before it looks at its arguments. number: of
    x86-64, and of arm64 where that differs."""
    if isinstance(number, tuple):
        number = number[1 if ARM else 0]
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *arguments)
    name = errno.errorcode.get(ctypes.get_errno(), "no error")
    if result == -1 and name in errors:
        held("%s: %s" % (what, name))
    else:
        escaped("%s: returned %d, %s" % (what, result, name))


def pids():
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())



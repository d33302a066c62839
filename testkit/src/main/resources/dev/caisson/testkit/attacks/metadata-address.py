# Asks the cloud's metadata services for credentials, over IPv4 and IPv6.
for family, address in ((2, "169.254.169.254"), (2, "169.254.170.2"), (2, "100.100.100.200"), (2, "168.63.129.16"), (10, "fd00:ec2::254")):
    for port in (80, 443, 53):
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            attempt("%s:%d" % (address, port), connection.connect, (address, port))

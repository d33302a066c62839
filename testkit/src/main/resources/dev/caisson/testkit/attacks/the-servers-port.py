# Calls the server's own port, on every address that might be the host.
with open("/proc/net/fib_trie") as file:
    known = {word for line in file for word in line.split() if word.count(".") == 3 and "/" not in word}
for address in sorted(known | {"127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "10.0.2.2"}):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as connection:
        connection.settimeout(2)
        attempt("%s:%d" % (address, PORT), connection.connect, (address, PORT))

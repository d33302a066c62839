# Adds, asks for and reads kernel keys, which are shared by user and not by namespace.
syscall("add_key", (248, 217), b"user", b"caisson", b"secret", 6, -3)
syscall("request_key", (249, 218), b"user", b"caisson", None, -3)
for operation in range(0, 12):
    syscall("keyctl %d" % operation, (250, 219), operation, -4, 0, 0, 0)

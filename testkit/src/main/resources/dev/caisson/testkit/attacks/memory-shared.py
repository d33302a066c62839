# Takes shared memory: System V segments, mapped memory of its own and memory files, which a kill does not free.
# quick: no
# expect: killed out_of_memory or completed
# rootless: completed
# resource: yes
# seconds: 6
taken = 0
try:
    while taken < 1 << 30:
        fd = os.memfd_create("taken")
        os.truncate(fd, 16 << 20)
        for _ in range(16):
            taken += os.write(fd, b"x" * (1 << 20))
    print("took", taken)
except (OSError, MemoryError) as refusal:
    held("after %d: %s" % (taken, refusal))
for number in range(5000):
    if libc.shmget(0, ctypes.c_size_t(1 << 26), 0o1666) == -1:
        break
held("%d segments" % number)

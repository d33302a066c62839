# Reads and writes the memory of process 1 and takes its descriptors, without ptrace.
buffer = ctypes.create_string_buffer(8)
vector = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 8)
remote = (ctypes.c_uint64 * 2)(0x400000, 8)
for pid in (1, os.getpid()):
    syscall("process_vm_readv", (310, 270), pid, vector, 1, remote, 1, 0)
    syscall("process_vm_writev", (311, 271), pid, vector, 1, remote, 1, 0)
    syscall("process_madvise", 440, os.pidfd_open(pid), vector, 1, 4, 0)
    for fd in range(0, 12):
        syscall("pidfd_getfd %d" % fd, 438, os.pidfd_open(pid), fd, 0)
    syscall("kcmp", (312, 272), pid, os.getpid(), 0, 0, 0)

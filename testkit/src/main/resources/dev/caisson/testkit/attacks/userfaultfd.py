# Takes over page faults, the usual way to win races in the kernel.
syscall("userfaultfd", (323, 282), 0)
syscall("userfaultfd user mode", (323, 282), 1)
attempt("/dev/userfaultfd", os.open, "/dev/userfaultfd", os.O_RDWR)

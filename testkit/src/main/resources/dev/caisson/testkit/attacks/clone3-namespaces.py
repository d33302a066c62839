# Starts a process in a new user namespace by clone3, whose flags lie in memory where no filter looks.
arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, signal.SIGCHLD)
syscall("clone3 user", 435, ctypes.byref(arguments), 88, errors=("ENOSYS",))

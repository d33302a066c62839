# Adds a filter that allows everything, a listener that answers for the kernel, and strict mode to escape it.
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
allow = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000))
program = Program(1, ctypes.addressof(allow))
result = libc.syscall(ctypes.c_long(277 if ARM else 317), 1, 0, ctypes.byref(program))
held("seccomp returned %d" % result)
syscall("mount after it", (165, 40), b"none", b"/tmp", b"tmpfs", 0, b"")
syscall("unshare after it", (272, 97), 0x10000000)
held("no_new_privs stays") if libc.prctl(39, 0, 0, 0, 0) == 1 else escaped("no_new_privs is gone")

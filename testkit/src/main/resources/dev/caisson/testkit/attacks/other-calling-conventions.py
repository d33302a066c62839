# Goes around the filter by the 32-bit entry, x32 numbers and other personalities.
import mmap
if not ARM:
    for number in (165, 101, 41, 39):
        syscall("x32 call %d" % number, 0x40000000 | number, 1, 1, 0)
    # mov eax, 21 (mount); xor ebx.. ; int 0x80; ret
    code = b"\x53\xb8\x15\x00\x00\x00\x31\xdb\x31\xc9\x31\xd2\xcd\x80\x5b\xc3"
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    pid = os.fork()
    if pid == 0:
        os._exit(-call() & 0xFF)
    status = os.waitpid(pid, 0)[1]
    code = os.waitstatus_to_exitcode(status)
    held("32-bit mount: %s" % errno.errorcode.get(code, code)) if code in (errno.EPERM, errno.ENOSYS, -11) else escaped("32-bit mount: %d" % code)
syscall("personality", (135, 92), 0x0040000)
syscall("personality 32", (135, 92), 8)
syscall("modify_ldt", (154, 9999), 1, None, 0)

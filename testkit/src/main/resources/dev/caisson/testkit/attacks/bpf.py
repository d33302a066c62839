# Loads BPF programs and maps, and attaches a socket filter of its own making.
attribute = ctypes.create_string_buffer(120)
for command in (0, 5, 18):
    syscall("bpf %d" % command, (321, 280), command, attribute, 120)

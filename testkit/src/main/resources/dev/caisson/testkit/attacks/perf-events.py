# Opens performance counters, on itself and on every processor.
attribute = ctypes.create_string_buffer(struct.pack("IIQ", 1, 128, 0), 128)
for pid, cpu in ((0, -1), (-1, 0), (1, -1)):
    syscall("perf_event_open %d %d" % (pid, cpu), (298, 241), attribute, pid, cpu, -1, 0)

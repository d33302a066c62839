# Uses up what the kernel counts by user: file watches, message queues, semaphores, timers, epolls, locked memory.
# quick: no
# expect: completed or killed out_of_memory
# resource: yes
# seconds: 6
made = 0
for _ in range(900):
    if libc.inotify_init() == -1:
        break
    made += 1
fd = libc.inotify_init()
for number in range(20000):
    os.makedirs("/tmp/w/%d" % (number % 300), exist_ok=True)
queues = 0
while libc.msgget(0, 0o1666) != -1 and queues < 40000:
    queues += 1
semaphores = 0
while libc.semget(0, 200, 0o1666) != -1 and semaphores < 40000:
    semaphores += 1
timers = 0
identity = ctypes.c_int()
while libc.syscall(ctypes.c_long(107 if ARM else 222), 1, None, ctypes.byref(identity)) == 0 and timers < 200000:
    timers += 1
print(made, "inotify", queues, "queues", semaphores, "semaphores", timers, "timers")

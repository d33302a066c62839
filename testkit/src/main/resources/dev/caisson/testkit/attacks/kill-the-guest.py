# Ends and stops process 1 with every signal, by kill, tgkill, sigqueue and pidfd.
fd = os.pidfd_open(1)
for number in range(1, 65):
    for call in (lambda: os.kill(1, number), lambda: signal.pidfd_send_signal(fd, number),
                 lambda: libc.syscall((131 if ARM else 234), 1, 1, number)):
        try:
            call()
        except OSError:
            pass
time.sleep(0.1)
held("process 1 goes on")

# Ignores every signal and spins past its time.
# expect: timed_out
# says: detection_timeout
# seconds: 1
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass

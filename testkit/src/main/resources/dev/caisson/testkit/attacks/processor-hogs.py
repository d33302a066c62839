# Spins in as many processes as it may have, to take the processors from others.
# quick: no
# expect: timed_out
# says: detection_timeout
# resource: yes
# seconds: 4
try:
    for number in range(40):
        if os.fork() == 0:
            break
except OSError:
    pass  # what it started before still counts
try:
    os.nice(-20)
except OSError:
    pass
while True:
    pass

# Spins in as many processes as it may have, to take the processors from others.
# quick: no
# expect: timed_out
# says: detection_timeout
# resource: yes
# seconds: 4
for number in range(40):
    if os.fork() == 0:
        break
try:
    os.nice(-20)
except OSError:
    pass
while True:
    pass

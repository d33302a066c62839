# Catches everything that is raised in it, and goes on.
# quick: root
# expect: timed_out
# says: detection_timeout
# seconds: 1
while True:
    try:
        time.sleep(10)
    except BaseException:
        pass

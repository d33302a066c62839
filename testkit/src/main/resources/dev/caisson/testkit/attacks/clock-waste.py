# Does nothing, for longer than it may.
# expect: timed_out
# says: detection_timeout
# seconds: 1
time.sleep(1e6)

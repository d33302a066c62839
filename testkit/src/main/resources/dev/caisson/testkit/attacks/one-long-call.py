# Stays in one call of C that no interrupt ends.
# quick: root
# expect: timed_out
# says: detection_timeout
# seconds: 1
sum(range(10**12))

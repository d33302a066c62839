# Writes output without end on both streams at once.
# quick: root
# expect: timed_out
# resource: yes
# seconds: 2
# says: detection_timeout
yes "all work and no play" >&2 &
yes "$(head -c 100000 /dev/zero | tr '\0' x)"

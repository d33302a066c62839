# Ignores signals in a shell and all of its children, in sessions of their own.
# expect: timed_out
# says: detection_timeout
# seconds: 1
trap '' $(seq 1 64) 2>/dev/null
for n in 1 2 3; do setsid bash -c "trap '' INT TERM HUP QUIT; while true; do sleep 1; done" & done
while true; do sleep 1; done

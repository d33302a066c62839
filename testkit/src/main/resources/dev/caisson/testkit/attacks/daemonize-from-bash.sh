# Leaves processes behind from a shell that hold its output streams open.
setsid nohup bash -c 'while true; do echo still here; sleep 0.1; done' &
(trap '' HUP TERM; sleep 1000) &
disown -a
held "left behind"

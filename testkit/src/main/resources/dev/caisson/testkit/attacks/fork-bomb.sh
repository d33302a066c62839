# Starts processes without end, each of which does the same.
# expect: completed or killed out_of_memory or timed_out
# resource: yes
# seconds: 3
bomb() { bomb | bomb & }
bomb
sleep 2

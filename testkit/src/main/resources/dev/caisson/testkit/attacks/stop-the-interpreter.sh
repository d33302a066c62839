# Ends and stops from a shell the interpreter that other cells of its container use.
for file in /proc/[0-9]*/cmdline; do
  pid=${file#/proc/}
  pid=${pid%/cmdline}
  [ "$pid" != 1 ] && [ "$pid" != $$ ] && kill -9 "$pid" 2>/dev/null
done
held "what it ended is its own"

# Turns over the page cache by writing and reading its disk again and again.
# quick: no
# expect: completed
# resource: yes
# seconds: 6
for round in 1 2 3 4 5 6; do
  dd if=/dev/zero of=/home/user/cache bs=1M count=40 conv=fdatasync 2>/dev/null
  cat /home/user/cache /home/user/cache >/dev/null
  cat /usr/lib/x86_64-linux-gnu/*.so.* 2>/dev/null | head -c 300000000 >/dev/null
done
true

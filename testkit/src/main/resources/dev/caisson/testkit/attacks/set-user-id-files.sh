# Makes and runs set-user-id programs, and those that the host has.
# quick: root
cp /usr/bin/id /home/user/id && chmod 6755 /home/user/id
got=$(/home/user/id -u)
[ "$got" = 1000 ] && held "a set-user-id program of its own runs as $got" || escaped "became $got"
for file in $(find /usr/bin /usr/sbin /usr/libexec /usr/lib/openssh /usr/lib/dbus-1.0 -perm /6000 -type f 2>/dev/null | head -n 40); do
  held "$file is there, on a mount that ignores its bits"
done
grep -v nosuid /proc/self/mounts && escaped "a mount without nosuid" || held "every mount is nosuid"
attempt "become another user" python3 -c 'import os; os.setuid(0)'

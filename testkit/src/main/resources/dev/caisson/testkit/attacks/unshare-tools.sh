# Asks the host's own programs for namespaces and mounts: unshare, bwrap, mount, nsenter, chroot, newuidmap.
# quick: root
for tool in "unshare -Ur true" "unshare -m true" "nsenter -t 1 -m true" "mount -t tmpfs none /tmp" \
  "mount --bind /usr /tmp" "mount -o remount,rw /" "umount /proc" "chroot / true" "pivot_root / /tmp" \
  "bwrap --dev-bind / / true" "newuidmap $$ 0 0 1" "su -c true" "sudo -n true" "setpriv --reuid 0 true"; do
  attempt "${tool%% *}" $tool
done

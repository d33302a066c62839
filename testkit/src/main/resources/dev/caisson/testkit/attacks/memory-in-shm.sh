# Fills the file systems in memory: /dev/shm and /run.
# quick: no
# resource: yes
attempt "fill /dev/shm" dd if=/dev/zero of=/dev/shm/a bs=1M count=400
attempt "fill /run" dd if=/dev/zero of=/run/a bs=1M count=400
attempt "fill /dev" dd if=/dev/zero of=/dev/a bs=1M count=400

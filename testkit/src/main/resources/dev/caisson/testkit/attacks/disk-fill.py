# Fills its disk, in many files so that no limit on one of them helps.
# quick: root
# expect: killed disk_full or completed
# resource: yes
# seconds: 20
try:
    for number in range(100000):
        with open("/tmp/fill%d" % number, "wb", buffering=0) as file:
            file.write(bytes(1 << 20))
        time.sleep(0.002)
    escaped("wrote %d files" % number)
except OSError as refusal:
    held("after %d MiB: %s" % (number, refusal.strerror))

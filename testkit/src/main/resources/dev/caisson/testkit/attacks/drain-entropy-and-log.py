# Writes to the kernel's pool and log, and reads randomness without end.
# quick: no
# expect: completed
# resource: yes
end = time.time() + 1.5
while time.time() < end:
    with open("/dev/urandom", "rb") as file:
        file.read(1 << 20)
for path in ("/dev/random", "/dev/kmsg"):
    try:
        with open(path, "wb", buffering=0) as file:
            file.write(b"<0>forged line\n")
    except OSError:
        pass
print("done")

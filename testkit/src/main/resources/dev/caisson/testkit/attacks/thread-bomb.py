# Starts threads until it is given no more.
# quick: no
# expect: completed or killed out_of_memory
# resource: yes
count = 0
try:
    while count < 5000:
        threading.Thread(target=time.sleep, args=(2,), daemon=True).start()
        count += 1
    escaped("%d threads" % count)
except (RuntimeError, MemoryError):
    held("%d threads" % count)
time.sleep(1)

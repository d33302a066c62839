# Opens all the descriptors that it may, fills pipes and sockets with data that nobody reads, in many processes.
# quick: no
# expect: completed or killed out_of_memory
# resource: yes
# seconds: 6
for number in range(20):
    if os.fork() == 0:
        try:
            while True:
                read, write = os.pipe()
                os.set_blocking(write, False)
                os.write(write, bytes(65536))
        except OSError:
            time.sleep(1)
            os._exit(0)
time.sleep(1.5)
print("done")

# Writes one endless line of control characters, half characters and zeros.
# quick: no
# expect: completed
# resource: yes
for number in range(400):
    sys.stdout.buffer.write(b"\x00\x1b[31m\xe2\x80\xae\xff\xc3" * 20000)

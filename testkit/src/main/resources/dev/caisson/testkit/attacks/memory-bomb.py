# Takes anonymous memory until there is none, touching every page.
# expect: killed out_of_memory
# rootless: completed 1
# resource: yes
taken = []
while True:
    taken.append(bytearray(b"x" * (8 << 20)))

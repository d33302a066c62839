# Lengthens, shortens and replaces a file while the server reads it.
# quick: root
# plants: during
end = time.time() + 1.5
while time.time() < end:
    with open("/home/user/bait", "wb") as file:
        file.write(b"x" * 300000)
        os.truncate("/home/user/bait", 10)
        file.write(b"y" * 1000)
held("played")

# Plants twelve thousand names in one directory for the server to list.
# plants: after
# quick: no
# seconds: 30
os.mkdir("/home/user/many")
for number in range(12000):
    os.close(os.open("/home/user/many/%d" % number, os.O_CREAT | os.O_WRONLY))
held("planted")

# Plants names that break lines, headers, logs and the direction of reading, or are no text at all.
# quick: root
# plants: after
for name in (b"new\nline", b"carriage\r\nx-forged: 1", b"\xe2\x80\xaetxt.exe", b"\xe2\x81\xa6\xe2\x80\x8f", b"\xff\xfe", b"quote\";x=\"",
             b"\x1b[2J\x1b]0;owned\x07", b"%2e%2e%2f", b"..%00", b"...", b" ", b"-rf", b"back\\slash", b"\xed\xa0\x80", b"CON", b"a;b&c|d$(id)`id`"):
    with open(b"/home/user/" + name, "wb") as file:
        file.write(name)
    with open(os.environ["OUTPUT_DIR"].encode() + b"/" + name, "wb") as file:
        file.write(name)
os.mkdir(b"/tmp/\xe2\x80\xae\n\xff")
held("planted")

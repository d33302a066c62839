# Uploads an archive of a few kilobytes that is a quarter of a gigabyte unpacked, as a file, a skill and a compressed request.
# quick: root
# uploads: /home/user/bomb
# seconds: 30
import zlib
deflater = zlib.compressobj(9, zlib.DEFLATED, 31)
with open("bomb", "wb") as file:
    for _ in range(64):
        file.write(deflater.compress(bytes(1 << 22)))
    file.write(deflater.flush())
held("%d bytes" % os.path.getsize("bomb"))

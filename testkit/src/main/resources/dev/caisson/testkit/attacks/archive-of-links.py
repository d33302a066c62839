# Uploads an archive whose entries climb out of it, are links to the host, and lie about their sizes.
# quick: root
# uploads: /home/user/bomb
import zipfile
with zipfile.ZipFile("bomb", "w", zipfile.ZIP_DEFLATED) as archive:
    for name in ("../../../../tmp/planted", "/etc/cron.d/planted", "a/../../b", "SKILL.md"):
        archive.writestr(name, "planted")
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    archive.writestr(link, CANARY)
    for number in range(5000):
        archive.writestr("many/%d" % number, "")
content = bytearray(open("bomb", "rb").read())
content[18:26] = b"\xff" * 8  # the sizes in the first local header, other than in the directory
open("bomb", "wb").write(content)
held("made")

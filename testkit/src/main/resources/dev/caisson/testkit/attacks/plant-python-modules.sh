# Plants modules, start files and programs where the next cell, or the guest, might take them for the system's.
for name in os socket json signal struct sitecustomize usercustomize encodings select time; do
  for place in /home/user /tmp /home/user/.local/lib/python3/site-packages /run; do
    mkdir -p $place && echo 'open("/tmp/owned","a").write(str(__import__("posix").getpid())+"\n")' >$place/planted_$name.py
  done
done
for name in python3 bash cat env sh; do
  mkdir -p ~/.local/bin && printf '#!/bin/bash\necho ESCAPED into a file request\n' >~/.local/bin/$name.planted
done
echo 'echo planted >>/tmp/owned' >~/.bashrc
echo 'echo planted >>/tmp/owned' >~/.profile
echo 'import os' >/home/user/guest.py
held "planted"

# Loads modules and kernels, reboots, mounts swap, sets clocks and names, counts and watches everything.
for name, number in (("init_module", (175, 105)), ("finit_module", (313, 273)), ("delete_module", (176, 106)),
                     ("kexec_load", (246, 104)), ("kexec_file_load", (320, 294)), ("reboot", (169, 142)),
                     ("swapon", (167, 224)), ("swapoff", (168, 225)), ("acct", (163, 89)), ("quotactl", (179, 60)),
                     ("quotactl_fd", 443), ("settimeofday", (164, 170)), ("clock_settime", (227, 112)),
                     ("adjtimex", (159, 171)), ("sethostname", (170, 161)), ("setdomainname", (171, 162)),
                     ("fanotify_init", (300, 262)), ("lookup_dcookie", (212, 18)), ("vhangup", (153, 58)),
                     ("iopl", (172, 9999)), ("ioperm", (173, 9999)), ("uselib", (134, 9999))):
    syscall(name, number, 0, 0, 0, 0)

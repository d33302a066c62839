"""Version 2 cannot be exercised on a host whose controllers are bound to version 1: this writes to a
directory that stands for the hierarchy, and checks what would have been asked of the kernel."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, sys.argv.pop(1))

from keeper import cgroups  # noqa: E402

LIMITS = {"memory": 1 << 30, "cpus": 1.5, "processes": 256}


def read(path):
    with open(path) as file:
        return file.read()


class CgroupsTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.base = self.directory.name

    def tearDown(self):
        self.directory.cleanup()

    def test_version_2_asks_for_memory_without_swap_cpu_and_processes(self):
        os.mkdir(self.base + "/c.1")
        open(self.base + "/c.1/memory.swap.max", "w").close()
        group = cgroups.Version2(self.base).create("c.1", LIMITS)
        directory = self.base + "/c.1"
        self.assertEqual(read(directory + "/memory.max"), str(1 << 30))
        self.assertEqual(read(directory + "/memory.swap.max"), "0")
        self.assertEqual(read(directory + "/cpu.max"), "150000 100000")
        self.assertEqual(read(directory + "/pids.max"), "288")
        group.join()
        self.assertEqual(read(directory + "/cgroup.procs"), "0")

    def test_version_2_counts_with_the_files_that_the_guest_can_read(self):
        group = cgroups.Version2(self.base).create("c.2", LIMITS)
        with open(self.base + "/c.2/cpu.stat", "w") as file:
            file.write("usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n")
        with open(self.base + "/c.2/memory.events", "w") as file:
            file.write("low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\noom_group_kill 0\n")
        from guest.meters import Meters

        meters = Meters(group.meter("cpu"), group.meter("oom"))
        self.assertEqual(meters.cpu_nanos(), 1500000)
        self.assertEqual(meters.oom_kills(), 1)

    def test_version_2_hands_controllers_down_only_when_they_are_not(self):
        with open(self.base + "/cgroup.subtree_control", "w") as file:
            file.write("cpuset cpu io memory pids\n")
        cgroups._hand_down(self.base)
        self.assertEqual(
            read(self.base + "/cgroup.subtree_control"), "cpuset cpu io memory pids\n"
        )
        with open(self.base + "/cgroup.subtree_control", "w") as file:
            file.write("memory pids\n")
        cgroups._hand_down(self.base)
        self.assertEqual(read(self.base + "/cgroup.subtree_control"), "+memory +cpu +pids")

    def test_version_1_counts_with_the_files_that_the_guest_can_read(self):
        bases = {name: self.base + "/" + name for name in ("memory", "cpu", "pids", "cpuacct")}
        for base in bases.values():
            os.mkdir(base)
        group = cgroups.Version1(bases).create("c.3", LIMITS)
        self.assertEqual(read(self.base + "/memory/c.3/memory.limit_in_bytes"), str(1 << 30))
        self.assertEqual(read(self.base + "/cpu/c.3/cpu.cfs_quota_us"), "150000")
        self.assertEqual(read(self.base + "/pids/c.3/pids.max"), "288")
        with open(self.base + "/cpuacct/c.3/cpuacct.usage", "w") as file:
            file.write("12345\n")
        with open(self.base + "/memory/c.3/memory.oom_control", "w") as file:
            file.write("oom_kill_disable 0\nunder_oom 0\noom_kill 4\n")
        from guest.meters import Meters

        meters = Meters(group.meter("cpu"), group.meter("oom"))
        self.assertEqual(meters.cpu_nanos(), 12345)
        self.assertEqual(meters.oom_kills(), 4)

    def test_a_mount_that_shows_a_part_of_the_hierarchy_is_followed(self):
        self.assertEqual(cgroups._below("/m", "/", "/a/b"), "/m/a/b")
        self.assertEqual(cgroups._below("/m", "/a", "/a/b"), "/m/b")
        self.assertEqual(cgroups._below("/m", "/a", "/other"), "/m")
        self.assertEqual(cgroups._below("/m", "/", "/"), "/m")


if __name__ == "__main__":
    unittest.main()

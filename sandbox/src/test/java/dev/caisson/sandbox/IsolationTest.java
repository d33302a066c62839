package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What code inside can reach, and what it can forge. */
class IsolationTest extends SharedSandboxes {
  @Test
  void reportsEachWallAsItIs() {
    IsolationReport report = fixture.sandboxes.isolation();
    assertThat(report.walls())
        .filteredOn(IsolationReport.Wall::required)
        .allSatisfy(wall -> assertThat(wall.stands()).as(wall.toString()).isTrue());
    assertThat(report.fit()).isTrue();
    assertThat(report.walls())
        .extracting(IsolationReport.Wall::name)
        .contains(
            "sandbox",
            "network",
            "processes",
            "capabilities",
            "no-new-privileges",
            "user",
            "system-calls",
            "unix-sockets",
            "read-only-image",
            "host-files",
            "guest",
            "descriptors",
            "resource-limits",
            "memory-limit",
            "process-limit",
            "cpu-limit",
            "disk-limit");
    assertThat(report.walls())
        .allSatisfy(wall -> assertThat(wall.remedy().isEmpty()).isEqualTo(wall.stands()));
    assertThat(report.walls())
        .filteredOn(wall -> wall.name().equals("user"))
        .extracting(IsolationReport.Wall::evidence)
        .singleElement(as(STRING))
        .startsWith(
            walls == Walls.ROOT
                ? "user 1000, outside ["
                : "user 1000 inside a user namespace of the user who runs Caisson, groups ");
    assertThat(report.missing().isEmpty()).isEqualTo(report.level() == IsolationReport.Level.FULL);
    assertThat(report.level()).isNotEqualTo(IsolationReport.Level.UNFIT);
    Set<String> standing =
        report.walls().stream()
            .filter(IsolationReport.Wall::stands)
            .map(IsolationReport.Wall::name)
            .collect(Collectors.toSet());
    assertThat(standing.contains("memory-limit")).isEqualTo(walls == Walls.ROOT);
    assertThat(standing).contains("process-limit");
  }

  @Test
  void hidesTwoContainersFromEachOther() throws IOException {
    try (Sandbox other = fixture.open()) {
      SandboxFixture.bash(other, "echo secret > /tmp/secret; echo secret > /dev/shm/secret");
      SandboxFixture.python(
          other,
          """
          import socket, threading, subprocess
          listener = socket.create_server(('127.0.0.1', 5555))
          """);
      assertThat(out(bash("ls -A /tmp /dev/shm ~ | grep -c secret"))).isEqualTo("0\n");
      assertThat(out(bash("ps -e -o comm= | sort | uniq"))).doesNotContain("sleep");
      assertThat(
              out(
                  python(
                      "import socket\n"
                          + "print(socket.socket().connect_ex(('127.0.0.1', 5555)))")))
          .isEqualTo("111\n");
      assertThat(out(bash("cat /proc/sys/kernel/random/boot_id > /dev/null; ipcs -m | wc -l")))
          .isEqualTo(out(SandboxFixture.bash(other, "ipcs -m | wc -l")));
      assertThat(out(SandboxFixture.python(other, "print(listener.fileno() > 2)")))
          .isEqualTo("True\n");
    }
  }

  @Test
  void givesEachContainerAUserOfItsOwnWhenRoot() {
    String map = out(bash("cat /proc/self/uid_map"));
    try (Sandbox other = fixture.open()) {
      String otherMap = out(SandboxFixture.bash(other, "cat /proc/self/uid_map"));
      if (walls == Walls.ROOT) {
        assertThat(hostIds(map)).doesNotContainAnyElementsOf(hostIds(otherMap));
        assertThat(hostIds(map)).allMatch(id -> id >= 0x70000000L);
      } else {
        assertThat(hostIds(map)).isEqualTo(hostIds(otherMap));
      }
    }
  }

  private static List<Long> hostIds(String map) {
    return map.lines().map(line -> Long.parseLong(line.strip().split("\\s+", -1)[1])).toList();
  }

  @Test
  void keepsTheUserOfAContainerAcrossOpens() {
    ContainerId container = ContainerId.next();
    String before;
    try (Sandbox first = fixture.open(container)) {
      before = out(SandboxFixture.bash(first, "cat /proc/self/uid_map; echo x > /tmp/mine"));
    }
    try (Sandbox second = fixture.open(container)) {
      assertThat(out(SandboxFixture.bash(second, "cat /proc/self/uid_map; echo y >> /tmp/mine")))
          .isEqualTo(before);
      assertThat(out(SandboxFixture.bash(second, "cat /tmp/mine"))).isEqualTo("x\ny\n");
    }
  }

  /** Inherited descriptors, /proc of the guest, its memory, signals: no way to forge a frame. */
  @Test
  void forgesNothingThroughDescriptorsOrTheGuestsProc() {
    CellRun run =
        fresh(
            """
            import os, glob
            forged = b'\\x00\\x00\\x00\\x10\\x14\\x00\\x00\\x00\\x0bstatus\\x00lost'
            written = []
            for fd in range(3, 1024):
                try:
                    os.write(fd, forged)
                    written.append(fd)
                except OSError:
                    pass
            for path in glob.glob('/proc/1/fd/*') + ['/proc/1/mem', '/proc/1/fd/1', '/proc/1/fd/2']:
                try:
                    with open(path, 'r+b', buffering=0) as file:
                        file.write(forged)
                    written.append(path)
                except OSError:
                    pass
            for pid in os.listdir('/proc'):
                if pid.isdigit() and pid not in ('1', str(os.getpid())):
                    try:
                        for fd in os.listdir('/proc/%s/fd' % pid):
                            if int(fd) > 2:
                                with open('/proc/%s/fd/%s' % (pid, fd), 'wb') as file:
                                    file.write(forged)
                                written.append((pid, fd))
                    except OSError:
                        pass
            print(written)
            os._exit(3)
            """);
    assertThat(out(run)).isEqualTo("[]\n");
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Completed(3));
  }

  @Test
  void survivesSignalsToProcessOne() {
    CellRun run =
        bash(
            "for s in $(seq 1 64); do kill -$s 1 2>/dev/null; done; kill -9 1; kill -STOP 1; echo tried");
    assertThat(out(run)).isEqualTo("tried\n");
    assertThat(out(bash("echo next"))).isEqualTo("next\n");
    assertThat(out(python("print('next')"))).isEqualTo("next\n");
  }

  @Test
  void cannotForgeTheInterpretersAnswerForTheNextCell() {
    CellRun run =
        python(
            """
            import os, socket
            for fd in range(3, 64):
                try:
                    os.write(fd, b'0000000000000000 0')
                except OSError:
                    pass
            print('first')
            """);
    assertThat(out(run)).isEqualTo("first\n");
    CellRun next = python("import time\ntime.sleep(0.2)\nprint('second')\nraise SystemExit(6)");
    assertThat(out(next)).isEqualTo("second\n");
    assertThat(next.outcome()).isEqualTo(new CellOutcome.Completed(6));
  }

  @Test
  void showsNoHostPathInside() {
    CellRun run =
        bash(
            "cat /proc/*/cmdline /proc/self/mountinfo /proc/1/environ 2>/dev/null | tr '\\0' '\\n'");
    assertThat(out(run)).doesNotContain("bwrap");
    String seen = out(bash("cat /proc/*/cmdline /proc/*/environ 2>/dev/null | tr '\\0' '\\n'"));
    assertThat(seen).doesNotContain(fixture.root.toString()).doesNotContain("containers/");
  }

  @Test
  void passesOnNoDescriptorOfTheKeeper() {
    assertThat(out(bash("ls /proc/self/fd"))).isEqualTo("0\n1\n2\n3\n");
    assertThat(out(fresh("import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:3])")))
        .isEqualTo("[0, 1, 2]\n");
    assertThat(out(fresh("import os; print(len(os.listdir('/proc/self/fd')))"))).isEqualTo("4\n");
  }

  @Test
  void findsLibrariesThroughTheLinkersCacheAndAlternatives() throws IOException {
    assertThat(out(bash("test -s /etc/ld.so.cache && echo cache"))).isEqualTo("cache\n");
    if (Files.isDirectory(Path.of("/etc/alternatives"))) {
      assertThat(out(bash("ls /etc/alternatives | head -1 | wc -l"))).isEqualTo("1\n");
    }
  }

  @Test
  void runsTheNamedInterpreterAndNoShim() {
    assertThat(out(python("import sys; print(sys.executable)"))).isEqualTo("/usr/bin/python3\n");
    assertThat(out(bash("command -v python3"))).isEqualTo("/usr/bin/python3\n");
  }

  @Test
  void hidesTheHostsNameAndUsers() {
    assertThat(out(bash("hostname; whoami; wc -l < /etc/passwd"))).isEqualTo("caisson\nuser\n3\n");
  }

  /** A lease holds up whoever opens the file; the limits of process 1 are what it works with. */
  @Test
  void takesNoLeaseAndNoLimitFromTheGuest() {
    CellRun run =
        fresh(
            """
            import fcntl, resource
            def refused(call, *arguments):
                try:
                    call(*arguments)
                except OSError:
                    return True
                return False
            with open('/opt/caisson/guest/cells.py') as file:
                print(refused(fcntl.fcntl, file, fcntl.F_SETLEASE, fcntl.F_RDLCK))
            print(refused(resource.prlimit, 1, resource.RLIMIT_NOFILE, (0, 0)))
            soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, soft - 1))
            print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] == soft - 1)
            """);
    assertThat(out(run)).isEqualTo("True\nTrue\nTrue\n");
  }

  /** With 0 a core_pattern that is a program would get them; with 1 nobody does. */
  @Test
  void dumpsNoCoreAndLetsProgramsBelieveThatTheySawToIt() {
    assertThat(out(bash("ulimit -c 0 && python3 -c 'import resource as r; print(r.getrlimit(4))'")))
        .isEqualTo("(1, 1)\n");
    assertThat(out(bash("cd /tmp && (kill -SEGV $BASHPID); ls -A"))).isEmpty();
  }

  @Test
  void writesNoSetUserIdProgram() {
    assertThat(out(bash("cp /usr/bin/id /tmp/id; chmod u+s /tmp/id; /tmp/id -u")))
        .isEqualTo("1000\n");
    assertThat(err(bash("su -c true; mount -t tmpfs none /tmp"))).isNotEmpty();
  }
}

package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.Limits;
import dev.caisson.domain.StateLimits;
import dev.caisson.domain.WorkspaceEntry;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What of the interpreter outlives its sandbox, and what is said of the rest. */
class SavedStateTest extends SharedSandboxes {
  private static final String PLACE = "/opt/caisson-state";

  /** No save begins by itself while a test runs. */
  private static final StateLimits STATE = StateLimits.DEFAULT.withDelay(Duration.ofMinutes(10));

  private ContainerId container;
  private Limits limits;

  @BeforeEach
  void openContainer() {
    container = ContainerId.next();
    openWith(STATE);
  }

  private void openWith(StateLimits state) {
    limits = SandboxFixture.LIMITS.withState(state);
    reopen();
  }

  /** Ends the sandbox, as a crash would, and opens another one around the same workspace. */
  private void reopen() {
    sandbox.close();
    sandbox = fixture.open(container, limits);
  }

  private void saveAndReopen() {
    sandbox.saveState();
    reopen();
  }

  private List<String> saved() {
    return sandbox.list(PLACE).stream().map(WorkspaceEntry::path).toList();
  }

  @Test
  void bringsBackDataFunctionsClassesAndModules() {
    assertThat(
            err(
                python(
                    """
                    import math
                    import xml.dom.minidom
                    from collections import OrderedDict as Ordered
                    numbers = [1, 2, 3]
                    same = numbers
                    nested = {'numbers': numbers}
                    def twice(x): return scale * x
                    scale = 2
                    class Point:
                        def __init__(self, x): self.x = x
                        def __eq__(self, other): return self.x == other.x
                        def __hash__(self): return hash(math.floor(self.x))
                    points = {Point(1): 'one'}
                    adders = [lambda x, n=n: x + n for n in range(3)]
                    """)))
        .isEmpty();
    saveAndReopen();
    CellRun run =
        python(
            """
            numbers.append(4)
            print(same, nested['numbers'] is same, twice(21), points[Point(1)], adders[2](40))
            print(Ordered(), math.floor(1.5), xml.dom.minidom.__name__)
            print(type(next(iter(points))) is Point)
            """);
    assertThat(err(run)).isEmpty();
    assertThat(out(run))
        .isEqualTo("[1, 2, 3, 4] True 42 one 42\nOrderedDict() 1 xml.dom.minidom\nTrue\n");
  }

  @Test
  void bringsBackWhatLibrariesBuildOfCode() {
    python(
        """
        import abc, contextlib, dataclasses, enum, functools, typing
        @dataclasses.dataclass
        class Row:
            n: int
            tags: list = dataclasses.field(default_factory=list)
        class Colour(enum.Enum):
            RED = 1
            def lower(self): return self.name.lower()
        class Pair(typing.NamedTuple):
            a: int
            b: int = 2
        T = typing.TypeVar('T')
        class Box(typing.Generic[T]):
            def __init__(self, held): self.held = held
        class Base(abc.ABC):
            kinds = []
            def __init_subclass__(cls, **_): Base.kinds.append(cls)
            @abc.abstractmethod
            def size(self): ...
        class Sized(Base, kind=3):
            def size(self): return super().kinds[0].__name__
        @functools.lru_cache(maxsize=7)
        def fibonacci(n): return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
        @contextlib.contextmanager
        def opened(): yield 'open'
        def counter():
            n = 0
            def up():
                nonlocal n
                n += 1
                return n
            def now(): return n
            return up, now
        up, now = counter()
        up()
        row, colour, pair, box, sized = Row(1), Colour.RED, Pair(1), Box[int](5), Sized()
        """);
    saveAndReopen();
    CellRun run =
        python(
            """
            print(row, Row(2), [field.name for field in dataclasses.fields(Row)])
            print(colour is Colour.RED, Colour(1).lower(), pair, Pair(3)._replace(b=4), box.held)
            print(sized.size(), isinstance(sized, Base), Base.kinds == [Sized])
            print(fibonacci(30), fibonacci.cache_info().maxsize, up(), now())
            with opened() as what: print(what)
            """);
    assertThat(err(run)).isEmpty();
    assertThat(out(run))
        .isEqualTo(
            """
            Row(n=1, tags=[]) Row(n=2, tags=[]) ['n', 'tags']
            True red Pair(a=1, b=2) Pair(a=3, b=4) 5
            Sized True True
            832040 7 2 2
            open
            """);
  }

  @Test
  void showsTheSourceOfWhatItBroughtBack() {
    python("def fails():\n    raise ValueError('bad')");
    saveAndReopen();
    assertThat(err(python("fails()")))
        .contains("File \"<cell 2>\", line 1, in <module>\n    fails()")
        .contains("File \"<cell 1>\", line 2, in fails\n    raise ValueError('bad')");
  }

  @Test
  void namesWhatCannotBeSavedAndKeepsTheRest() {
    openWith(new StateLimits(ByteSize.ofMebibytes(1), Duration.ofSeconds(3), Duration.ofHours(1)));
    python(
        """
        import os, sys, threading, time
        class Raises:
            def __reduce__(self): raise RuntimeError('no')
        class Hangs:
            def __reduce__(self): time.sleep(60)
        class Ends:
            def __reduce__(self): os._exit(0)
        class Exits:
            def __reduce__(self): sys.exit(3)
        class Garbage:
            def __reduce__(self): return 5
        class Recurses:
            def __reduce__(self): return Recurses, (Recurses(),)
        class Deletes:
            def __reduce__(self): os.unlink('/home/user/mine'); return int, ()
        open('/home/user/mine', 'w').close()
        lock, lines, steps = threading.Lock(), open('/etc/passwd'), (n for n in range(3))
        raises, hangs, ends, exits, garbage = Raises(), Hangs(), Ends(), Exits(), Garbage()
        recurses, deletes = Recurses(), Deletes()
        large = bytes(2 << 20)
        deep = []
        for _ in range(5000): deep = [deep]
        list = [1, 2]
        held = {'inside': [lock]}
        """);
    saveAndReopen();
    CellRun run = python("print(list, deletes, len(deep), os.path.exists('/home/user/mine'))");
    assertThat(out(run)).isEqualTo("[1, 2] 0 1 False\n");
    assertThat(err(run).lines())
        .containsExactlyInAnyOrder(
            "interpreter_state: lock was not kept: TypeError: cannot pickle '_thread.lock' object",
            "interpreter_state: held was not kept: TypeError: cannot pickle '_thread.lock' object",
            "interpreter_state: lines was not kept: TypeError: cannot pickle '_io.TextIOWrapper'"
                + " object",
            "interpreter_state: steps was not kept: TypeError: cannot pickle 'generator' object",
            "interpreter_state: raises was not kept: RuntimeError: no",
            "interpreter_state: hangs was not kept: saving took longer than 1 s",
            "interpreter_state: ends was not kept: saving it ended the process with code 0",
            "interpreter_state: exits was not kept: SystemExit: 3",
            "interpreter_state: garbage was not kept: PicklingError: __reduce__ must return a string"
                + " or tuple",
            "interpreter_state: recurses was not kept: RecursionError: maximum recursion depth"
                + " exceeded",
            "interpreter_state: large was not kept: it would take more than the 1 MiB that are kept"
                + " of variables");
    assertThat(err(python("print(list)"))).isEmpty();
  }

  @Test
  void namesWhatCannotBeBroughtBackAndTheRestComes() {
    openWith(STATE.withTime(Duration.ofMillis(1500)));
    bash("mkdir lib; echo 'class Thing: pass' > lib/passing.py");
    python(
        """
        import sys, time
        sys.path.append('/home/user/lib')
        from passing import Thing
        thing = Thing()
        class Refuses:
            def __getstate__(self): return 1
            def __setstate__(self, state): raise KeyError('changed')
        class Hangs:
            def __getstate__(self): return 1
            def __setstate__(self, state):
                while True:
                    try: time.sleep(9)
                    except Exception: pass
        refuses, hangs, also = Refuses(), Hangs(), [4]
        """);
    sandbox.saveState();
    bash("rm -r lib");
    reopen();
    CellRun run = python("print(also, sys.path[-1] == '/home/user/lib')");
    assertThat(out(run)).isEqualTo("[4] True\n");
    assertThat(err(run).lines())
        .containsExactlyInAnyOrder(
            "interpreter_state: Thing was not kept: ModuleNotFoundError: No module named 'passing'",
            "interpreter_state: thing was not kept: ModuleNotFoundError: No module named 'passing'",
            "interpreter_state: Refuses was not kept: KeyError: 'changed'",
            "interpreter_state: refuses was not kept: KeyError: 'changed'",
            "interpreter_state: Hangs was not kept: bringing it back took longer than 0.5 s",
            "interpreter_state: hangs was not kept: bringing it back took longer than 0.5 s");
  }

  @Test
  void goesOnInANewInterpreterWhenBringingBackEndsIt() {
    python(
        """
        import os
        class Ends:
            def __getstate__(self): return 1
            def __setstate__(self, state): os._exit(3)
        x, ends = 1, Ends()
        """);
    saveAndReopen();
    CellRun run = python("print('x' in globals())");
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Completed(0));
    assertThat(out(run)).isEqualTo("False\n");
    assertThat(err(run))
        .isEqualTo(
            "interpreter_lost: the variables of earlier cells are lost: bringing them back ended the"
                + " interpreter\n");
    assertThat(err(python("y = 1"))).isEmpty();
  }

  @Test
  void bringingBackIsNotTimeOfTheCell() {
    python(
        """
        import time
        class Slow:
            def __getstate__(self): return 1
            def __setstate__(self, state): time.sleep(1)
        slow = Slow()
        """);
    saveAndReopen();
    CellRun run = python("print(type(slow).__name__)", Duration.ofMillis(900));
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Completed(0));
    assertThat(out(run)).isEqualTo("Slow\n");
    assertThat(run.wall()).isLessThan(Duration.ofMillis(900));
  }

  @Test
  void savesByItselfAfterAPauseAndOnlyWhatChanged() {
    openWith(STATE.withDelay(Duration.ofMillis(20)));
    python("kept = bytearray(300_000)\nn = 1");
    Map<String, Instant> first = awaitSave(Map.of());
    python("n = 2");
    Map<String, Instant> second = awaitSave(first);
    assertThat(first).hasSize(3);
    assertThat(changed(first, second)).containsExactlyInAnyOrder(PLACE + "/mark", PLACE + "/state");
    reopen();
    assertThat(out(python("print(len(kept), n)"))).isEqualTo("300000 2\n");
  }

  /** The files of a save that is later than another one, and when each was written. */
  private Map<String, Instant> awaitSave(Map<String, Instant> before) {
    String state = PLACE + "/state";
    return Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                sandbox.list(PLACE).stream()
                    .collect(Collectors.toMap(WorkspaceEntry::path, WorkspaceEntry::modifiedAt)),
            files ->
                files.containsKey(state)
                    && !files.get(state).equals(before.get(state))
                    && files.keySet().stream().noneMatch(name -> name.contains("new")));
  }

  private static List<String> changed(Map<String, Instant> before, Map<String, Instant> after) {
    return after.keySet().stream()
        .filter(name -> !Objects.equals(after.get(name), before.get(name)))
        .toList();
  }

  @Test
  void aSaveMakesWayForTheNextCell() {
    openWith(STATE.withDelay(Duration.ZERO));
    python(
        """
        import time
        class Hangs:
            def __reduce__(self): time.sleep(60)
        x, hangs = 1, Hangs()
        """);
    CellRun run = python("del hangs; print(x)");
    assertThat(out(run)).isEqualTo("1\n");
    assertThat(run.wall()).isLessThan(Duration.ofSeconds(5));
    saveAndReopen();
    assertThat(out(python("print(x)"))).isEqualTo("1\n");
  }

  @Test
  void doesNotBringBackASaveThatLaterCellsMadeStale() {
    python("x = 1");
    sandbox.saveState();
    python("x = 2");
    reopen();
    CellRun run = python("print('x' in globals())");
    assertThat(out(run)).isEqualTo("False\n");
    assertThat(err(run))
        .isEqualTo(
            "interpreter_lost: the variables of earlier cells are lost: their process ended before what"
                + " cell 2 left was saved; the variables as of cell 1 are older and were not brought"
                + " back\n");
  }

  @Test
  void saysThatNothingWasSaved() {
    python("x = 1");
    reopen();
    CellRun bash = bash("echo fine");
    assertThat(err(bash)).isEmpty();
    CellRun run = python("print('x' in globals())");
    assertThat(out(run)).isEqualTo("False\n");
    assertThat(err(run))
        .isEqualTo(
            "interpreter_lost: the variables of earlier cells are lost: their process ended before they"
                + " were saved\n");
    saveAndReopen();
    assertThat(err(python("y = 1"))).isEmpty();
  }

  @Test
  void saysWhichCellDidNotEnd() throws Exception {
    python("x = 1");
    sandbox.saveState();
    CountDownLatch running = new CountDownLatch(1);
    CellProgram program =
        new CellProgram(
            Language.PYTHON,
            "x = 2\nprint('runs', flush=True)\nimport time\ntime.sleep(60)",
            InterpreterMode.PERSISTENT,
            Duration.ofSeconds(20),
            Map.of(),
            SandboxFixture.outputDirectory());
    Sandbox first = sandbox;
    FutureTask<CellRun> cell =
        new FutureTask<>(() -> first.run(program, (stream, text) -> running.countDown()));
    Thread.ofVirtual().start(cell);
    assertThat(running.await(20, TimeUnit.SECONDS)).isTrue();
    reopen();
    assertThat(cell.get(20, TimeUnit.SECONDS).outcome())
        .isEqualTo(new CellOutcome.Killed("sandbox_died", true));
    CellRun run = python("print(x)");
    assertThat(out(run)).isEqualTo("1\n");
    assertThat(err(run))
        .isEqualTo(
            "interpreter_state: the variables are as of cell 1; cell 2 did not end and is not in"
                + " them\n");
  }

  @Test
  void bringsBackTheVariablesOfAnInterpreterThatEndedBetweenCells() {
    python(
        """
        import os, threading, time
        def end():
            while not os.path.exists('/tmp/go'): time.sleep(0.005)
            open('/tmp/gone', 'w').close()
            os._exit(1)
        threading.Thread(target=end).start()
        x = 1
        """);
    sandbox.saveState();
    sandbox.write("/tmp/go", InputStream.nullInputStream(), written -> {});
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() ->
            sandbox.list("/tmp").stream().anyMatch(entry -> entry.path().equals("/tmp/gone")));
    CellRun run = python("print(x)");
    assertThat(out(run)).isEqualTo("1\n");
    assertThat(err(run)).isEmpty();
    assertThat(err(python("print(x)"))).isEmpty();
  }

  @Test
  void aLossThatWasToldIsNotToldAgain() {
    python("x = 1");
    sandbox.saveState();
    assertThat(err(python("import os\nos._exit(5)"))).startsWith("interpreter_lost: ");
    reopen();
    CellRun run = python("print('x' in globals())");
    assertThat(out(run)).isEqualTo("False\n");
    assertThat(err(run)).isEmpty();
  }

  @Test
  void namesASaveThatWasTamperedWith() {
    for (String damage :
        List.of(
            "truncate -s 60 state",
            "head -c 500 /dev/urandom > state",
            "printf 'x' | dd of=state bs=1 seek=80 conv=notrunc 2>/dev/null",
            "rm state; mkdir state")) {
      python("x = list(range(100))");
      sandbox.saveState();
      bash("cd " + PLACE + "; " + damage);
      reopen();
      CellRun run = python("print('x' in globals())");
      assertThat(out(run)).describedAs(damage).isEqualTo("False\n");
      assertThat(err(run))
          .describedAs(damage)
          .startsWith("interpreter_lost: the variables of earlier cells are lost: ");
      bash("cd " + PLACE + "; rm -rf state");
    }
    for (String damage :
        List.of("echo garbage > mark", "rm mark; mkfifo mark", "rm mark; mkdir mark")) {
      bash("cd " + PLACE + "; " + damage);
      reopen();
      CellRun run = python("print(1)");
      assertThat(out(run)).describedAs(damage).isEqualTo("1\n");
      assertThat(err(run))
          .describedAs(damage)
          .startsWith("interpreter_state: variables are neither brought back nor saved: ");
      bash("cd " + PLACE + "; rm -rf mark");
    }
    reopen();
    python("x = 1");
    saveAndReopen();
    assertThat(out(python("print(x)"))).isEqualTo("1\n");
  }

  @Test
  void seedsRandomNumbersAnewAndKeepsGeneratorsOfTheCells() {
    python(
        """
        import os, random
        from random import random as draw
        os.environ['MINE'] = 'set'
        random.seed(7)
        own = random.Random(7)
        """);
    saveAndReopen();
    CellRun run =
        python(
            """
            expected = random.Random(7).random()
            print(own.random() == expected, draw() == expected, draw.__self__ is random._inst)
            print(os.environ['MINE'], 'OUTPUT_DIR' in os.environ)
            """);
    assertThat(err(run)).isEmpty();
    assertThat(out(run)).isEqualTo("True False True\nset True\n");
  }

  @Test
  void aSaveWithoutEnoughMemoryEndsAloneAndIsNamed() {
    python("large = [[n] for n in range(1_100_000)]\nsmall = 1");
    sandbox.saveState();
    CellRun survivor = python("print(len(large), small)");
    assertThat(survivor.outcome()).isEqualTo(new CellOutcome.Completed(0));
    assertThat(out(survivor)).isEqualTo("1100000 1\n");
    assertThat(err(survivor)).isEmpty();
    saveAndReopen();
    CellRun run = python("print('large' in globals(), small)");
    assertThat(out(run)).isEqualTo("False 1\n");
    assertThat(err(run))
        .isEqualTo(
            "interpreter_state: large was not kept: saving it needed more memory than the container"
                + " has\n");
  }

  @Test
  void aSaveWithoutAProcessIsNamedAndTheNextOneIsWhole() {
    python(
        """
        import resource
        most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
        resource.setrlimit(resource.RLIMIT_NPROC, (1, most))
        x = 1
        """);
    sandbox.saveState();
    reopen();
    CellRun run = python("print('x' in globals())");
    assertThat(out(run)).isEqualTo("False\n");
    assertThat(err(run))
        .contains(
            "interpreter_state: x was not kept: saving needs a process: Resource temporarily"
                + " unavailable\n");
    python("x = 2");
    saveAndReopen();
    assertThat(out(python("print(x)"))).isEqualTo("2\n");
  }

  @Test
  void keepsTenThousandNames() {
    python("for i in range(10_000): globals()['name%d' % i] = [i]");
    saveAndReopen();
    assertThat(out(python("print(name0, name9999)"))).isEqualTo("[0] [9999]\n");
    python("for i in range(10_000): globals()['name%d' % i] = (n for n in ())");
    saveAndReopen();
    CellRun run = python("print('name0' in globals())");
    assertThat(out(run)).isEqualTo("False\n");
    assertThat(err(run).lines()).hasSize(21);
    assertThat(err(run))
        .contains("interpreter_state: nor were these 9980: name20, ")
        .endsWith(" and 9880 more\n");
  }

  @Test
  void liesOutsideTheFilesOfTheUserButCounts() {
    assertThat(saved()).isEmpty();
    long before = sandbox.diskBytes();
    python("x = bytearray(3 << 20)");
    sandbox.saveState();
    assertThat(sandbox.diskBytes() - before).isBetween(3L << 20, 4L << 20);
    assertThat(sandbox.list("/home/user")).isEmpty();
  }
}

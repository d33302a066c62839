package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Gives commands to the keeper of a data directory, which it starts when there is none. Safe for
 * use from many threads: each command has a connection of its own, and one more connection says
 * that this process is there.
 */
final class KeeperClient implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(KeeperClient.class.getName());

  /** A busy machine starts a sandbox in a second; ending a big one takes the kernel a while. */
  private static final Duration COMMAND = Duration.ofSeconds(60);

  /** A disk that needs longer for what a container may hold is broken. */
  private static final Duration LONG_COMMAND = Duration.ofHours(1);

  /** The whole of starting a keeper, and of waiting for an older one to go. */
  private static final Duration START = Duration.ofSeconds(30);

  /** Between attempts: none, this, then twice as long each time, up to the second. */
  private static final Duration RETRY = Duration.ofMillis(10);

  private static final Duration MAX_RETRY = Duration.ofMillis(320);
  private static final int MAX_REPLY = 64 << 20;

  private final KeeperProcess process;
  private final String version;
  private final DiskWall wanted;
  private final SocketDirectory sockets;
  private final String token = UUID.randomUUID().toString();
  private final JsonMapper json = JsonMapper.shared();
  private @Nullable LocalChannel presence;
  private @Nullable JsonNode welcome;
  private boolean closed;

  KeeperClient(SandboxSettings settings) {
    this(settings, KeeperSources.load());
  }

  KeeperClient(SandboxSettings settings, KeeperSources sources) {
    Path run = settings.data().resolve("run");
    try {
      Files.createDirectories(run);
      this.sockets = SocketDirectory.of(run);
    } catch (IOException e) {
      throw new CaissonException.HostUnfit("data directory " + settings.data() + ": " + e, e);
    }
    this.version = sources.version();
    this.wanted = settings.diskWall();
    this.process = new KeeperProcess(settings, sources);
  }

  /** Names this process among those that the keeper serves. */
  String token() {
    return token;
  }

  /** What the settings ask to keep workspaces within their limit. */
  DiskWall wanted() {
    return wanted;
  }

  Path socket(String name) {
    return sockets.socket(name);
  }

  /** What the keeper said of the host when it was greeted. */
  synchronized JsonNode host() {
    return greet();
  }

  /**
   * Gives a command and waits for its answer. An interrupt waits too: a command that was given has
   * its effect, and half of a reply is of no use.
   *
   * @throws Refusal when the keeper says no
   */
  JsonNode command(String name, Map<String, Object> fields) throws Refusal {
    boolean interrupted = Thread.interrupted();
    try {
      greet();
      try (LocalChannel channel = LocalChannel.connect(socket("keeper.sock"))) {
        return exchange(channel, name, fields);
      } catch (IOException e) {
        throw new Refusal("the keeper does not answer: " + e.getMessage());
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The keeper's no, in words for the operator. */
  static final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    Refusal(String message) {
      super(message);
    }

    /** The words; never null. */
    @Override
    public String getMessage() {
      return String.valueOf(super.getMessage());
    }
  }

  private synchronized JsonNode greet() {
    if (closed) {
      throw new CaissonException.Internal("the sandboxes of this process have been closed");
    }
    LocalChannel present = presence;
    JsonNode known = welcome;
    if (present != null && known != null && present.open()) {
      return known;
    }
    forget();
    Deadline deadline = Deadline.in(START);
    for (Duration pause = Duration.ZERO; ; pause = longer(pause)) {
      JsonNode answer = tryGreet();
      if (answer != null) {
        welcome = answer;
        return answer;
      }
      if (deadline.passed()) {
        throw new CaissonException.HostUnfit(
            "the keeper did not start within " + START.toSeconds() + " s; see " + process.log());
      }
      pause(pause);
    }
  }

  /** One attempt; null when a keeper is on its way in or out. */
  private @Nullable JsonNode tryGreet() {
    LocalChannel channel;
    try {
      channel = LocalChannel.connect(socket("keeper.sock"));
    } catch (IOException e) {
      process.start();
      return null;
    }
    try {
      JsonNode answer =
          exchange(
              channel,
              "hello",
              Map.of("version", version, "token", token, "pid", ProcessHandle.current().pid()));
      presence = channel;
      return answer;
    } catch (Refusal refusal) {
      close(channel);
      if (refusal.getMessage().equals("busy")) {
        throw new CaissonException.HostUnfit(
            "another version of Caisson is using this data directory; stop it first");
      }
      return null;
    } catch (IOException e) {
      close(channel);
      return null;
    }
  }

  /**
   * As {@link #command}, for work that takes long: an interrupt ends it.
   *
   * @throws Refusal when the keeper says no
   */
  JsonNode longCommand(String name, Map<String, Object> fields)
      throws Refusal, InterruptedException {
    greet();
    Deadline deadline = Deadline.in(LONG_COMMAND);
    try (LocalChannel channel = LocalChannel.connect(socket("keeper.sock"))) {
      channel.write(frame(name, fields), deadline);
      return checked(new ReplyReader().read(channel, deadline));
    } catch (IOException e) {
      throw new Refusal("the keeper does not answer: " + e.getMessage());
    }
  }

  private JsonNode exchange(LocalChannel channel, String name, Map<String, Object> fields)
      throws IOException, Refusal {
    ByteBuffer out = frame(name, fields);
    Deadline deadline = Deadline.in(COMMAND);
    boolean interrupted = false;
    byte @Nullable [] answer = null;
    ReplyReader reader = new ReplyReader();
    while (answer == null) {
      try {
        channel.write(out, deadline);
        answer = reader.read(channel, deadline);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return checked(answer);
  }

  private ByteBuffer frame(String name, Map<String, Object> fields) {
    Map<String, Object> command = new HashMap<>(fields);
    command.put("do", name);
    byte[] text = json.writeValueAsString(command).getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(4 + text.length).putInt(text.length).put(text).flip();
  }

  private JsonNode checked(byte[] text) throws IOException, Refusal {
    JsonNode answer;
    try {
      answer = json.readTree(text);
    } catch (JacksonException e) {
      throw new IOException("the keeper's answer is no JSON", e);
    }
    if (answer.path("full").asBoolean(false)) {
      throw CaissonException.HostFull.midway("the container's workspace");
    }
    if (answer.has("error")) {
      throw new Refusal(answer.path("error").asString());
    }
    return answer;
  }

  /** Reads one reply, in as many attempts as interrupts make of it. */
  private static final class ReplyReader {
    private final ByteBuffer length = ByteBuffer.allocate(4);
    private byte @Nullable [] text;
    private ByteBuffer view = ByteBuffer.allocate(0);

    byte[] read(LocalChannel channel, Deadline deadline) throws IOException, InterruptedException {
      channel.fill(length, deadline);
      byte[] target = text;
      if (target == null) {
        int count = length.getInt(0);
        if (count < 0 || count > MAX_REPLY) {
          throw new IOException("the keeper's answer claims " + count + " bytes");
        }
        target = new byte[count];
        text = target;
        view = ByteBuffer.wrap(target);
      }
      channel.fill(view, deadline);
      return target;
    }
  }

  /** Says goodbye: the keeper ends what this process started, and itself after its last user. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    LocalChannel present = presence;
    if (present != null && present.open()) {
      try {
        exchange(present, "goodbye", Map.of());
      } catch (IOException | Refusal e) {
        // It has gone before us; what it kept went with it.
        LOG.log(System.Logger.Level.DEBUG, "keeper gone before goodbye", e);
      }
    }
    forget();
    close(sockets);
  }

  private void forget() {
    LocalChannel present = presence;
    presence = null;
    welcome = null;
    if (present != null) {
      close(present);
    }
  }

  private static void close(Closeable resource) {
    try {
      resource.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "close failed", e);
    }
  }

  private static Duration longer(Duration pause) {
    if (pause.isZero()) {
      return RETRY;
    }
    return pause.compareTo(MAX_RETRY) < 0 ? pause.multipliedBy(2) : pause;
  }

  private static void pause(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CaissonException.Internal("interrupted while the keeper started", e);
    }
  }
}

package dev.caisson.sandbox;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.WorkspaceEntry;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * File IO on a workspace, done by the guest's children inside the walls. Each request has a
 * connection of its own. Safe for use from many threads.
 */
final class GuestFiles {
  /** Between two frames; a slow disk is not a dead guest. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** A scan and those before it; the guest ends each after two minutes. */
  private static final Duration SCAN = Duration.ofMinutes(20);

  /** What a write holds of a file at a time. */
  private static final int CHUNK = 1 << 18;

  private static final byte[] NO_BODY = {};

  private final ContainerId container;
  private final Connector connector;

  /** Makes a new connection to the guest. */
  interface Connector {
    GuestConnection connect() throws IOException;
  }

  /** What is done with a connection. */
  private interface Talk<T> {
    T with(GuestConnection guest) throws IOException, InterruptedException;
  }

  GuestFiles(ContainerId container, Connector connector) {
    this.container = container;
    this.connector = connector;
  }

  FileReceipt write(String path, InputStream content, Consumer<KnownFile> written) {
    Fields.Request request = request("write", path);
    return talk(
        path,
        guest -> {
          ask(guest, request);
          byte[] chunk = new byte[CHUNK];
          for (int n = content.read(chunk); n >= 0; n = content.read(chunk)) {
            guest.send(GuestConnection.Kind.DATA, chunk, 0, n, Deadline.in(PATIENCE));
          }
          guest.send(GuestConnection.Kind.END, Deadline.in(PATIENCE));
          Fields result = answer(guest, GuestConnection.Kind.RESULT).fields();
          if (!result.all("path").isEmpty()) {
            written.accept(
                KnownFile.read(
                    result.text("path"),
                    result.text("size"),
                    result.text("sha256"),
                    result.text("stamp")));
          }
          return new FileReceipt(path, result.number("size"), result.text("sha256"));
        });
  }

  FileContent read(String path, ByteRange range) {
    Fields.Request request =
        request("read", path).with("offset", range.offset()).with("length", range.length());
    GuestConnection guest = connect(path);
    boolean opened = false;
    try {
      ask(guest, request);
      Fields result = answer(guest, GuestConnection.Kind.RESULT).fields();
      long length = result.number("length");
      FileContent content =
          new FileContent(result.number("total"), length, new GuestFileStream(guest, PATIENCE));
      opened = true;
      return content;
    } catch (IOException e) {
      throw broken(path, e);
    } catch (InterruptedException e) {
      throw interrupted(path, e);
    } finally {
      if (!opened) {
        guest.close();
      }
    }
  }

  List<WorkspaceEntry> list(String path) {
    Fields.Request request = request("list", path);
    return talk(
        path,
        guest -> {
          ask(guest, request);
          List<WorkspaceEntry> entries = new ArrayList<>();
          while (true) {
            GuestConnection.Frame frame = answer(guest, GuestConnection.Kind.DATA);
            if (frame.kind() == GuestConnection.Kind.END) {
              return entries;
            }
            addEntries(path, frame.payload(), entries);
          }
        });
  }

  void delete(String path, Consumer<String> deleted) {
    Fields.Request request = request("delete", path);
    deleted.accept(
        talk(
            path,
            guest -> {
              ask(guest, request);
              return answer(guest, GuestConnection.Kind.RESULT).fields().text("path");
            }));
  }

  /** Tells the guest what stands in the workspace. */
  void known(List<KnownFile> files, boolean whole) {
    byte[] request = GuestScans.known(files, whole);
    talk(
        "/",
        guest -> {
          guest.send(GuestConnection.Kind.REQUEST, request, Deadline.in(PATIENCE));
          return answer(guest, GuestConnection.Kind.RESULT);
        });
  }

  /** Waits for a scan to end. */
  Scan changes(long number) throws InterruptedException {
    try (GuestConnection guest = connector.connect()) {
      guest.send(GuestConnection.Kind.REQUEST, GuestScans.question(number), Deadline.in(PATIENCE));
      return GuestScans.read(guest.receive(Deadline.in(SCAN)));
    } catch (IOException e) {
      return new Scan.Unknown("the sandbox ended before the scan did");
    }
  }

  long diskBytes() {
    return talk(
        "/",
        guest -> {
          ask(guest, request("disk", "/"));
          return answer(guest, GuestConnection.Kind.RESULT).fields().number("bytes");
        });
  }

  /** Has the interpreter's variables saved; not a file of the user's, but one of the workspace. */
  void saveState(Duration patience) {
    talk(
        "the interpreter's state",
        guest -> {
          ask(guest, Fields.Request.of("save"));
          return guest.receive(Deadline.in(patience));
        });
  }

  private static Fields.Request request(String operation, String path) {
    if (!path.startsWith("/") || path.indexOf('\0') >= 0) {
      throw new CaissonException.InvalidRequest(
          "path: '" + path.replace('\0', '?') + "' is not an absolute path");
    }
    CellRequest.utf8("path", path);
    return Fields.Request.of(operation).with("path", path);
  }

  private static void ask(GuestConnection guest, Fields.Request request)
      throws IOException, InterruptedException {
    guest.send(GuestConnection.Kind.REQUEST, request.payload(NO_BODY), Deadline.in(PATIENCE));
  }

  /** The next frame, which is of that kind or the end; a refusal is thrown as what it says. */
  static GuestConnection.Frame answer(GuestConnection guest, GuestConnection.Kind expected)
      throws IOException, InterruptedException {
    GuestConnection.Frame frame = guest.receive(Deadline.in(PATIENCE));
    if (frame.kind() == expected || frame.kind() == GuestConnection.Kind.END) {
      return frame;
    }
    if (frame.kind() != GuestConnection.Kind.ERROR) {
      throw new IOException("the guest sent " + frame.kind() + " for a file");
    }
    throw refusal(frame.fields());
  }

  /** What the guest could not do, as what it says. */
  static CaissonException refusal(Fields error) throws IOException {
    String message = error.text("message");
    return switch (error.text("code")) {
      case "not_found" -> new CaissonException.NotFound(message);
      case "range_not_satisfiable" ->
          new CaissonException.RangeNotSatisfiable(message, error.number("size"));
      case "host_full" -> CaissonException.HostFull.midway(message);
      case "too_large" -> new CaissonException.TooLarge(message);
      case "conflict" -> new CaissonException.Conflict(message);
      case "invalid_request" -> new CaissonException.InvalidRequest(message);
      default -> new CaissonException.Internal(message);
    };
  }

  private static void addEntries(String path, byte[] batch, List<WorkspaceEntry> entries)
      throws IOException {
    List<String> parts = Fields.split(batch, 0, batch.length);
    String parent = path.endsWith("/") ? path : path + "/";
    for (int i = 0; i + 3 < parts.size(); i += 4) {
      String name = parts.get(i + 3);
      try {
        entries.add(
            new WorkspaceEntry(
                name.startsWith("/") ? name : parent + name,
                WorkspaceEntry.Kind.valueOf(parts.get(i)),
                Long.parseLong(parts.get(i + 1)),
                Instant.ofEpochMilli(Long.parseLong(parts.get(i + 2)))));
      } catch (IllegalArgumentException e) {
        throw new IOException("the guest's listing is malformed", e);
      }
    }
  }

  private <T> T talk(String path, Talk<T> talk) {
    try (GuestConnection guest = connect(path)) {
      return talk.with(guest);
    } catch (IOException e) {
      throw broken(path, e);
    } catch (InterruptedException e) {
      throw interrupted(path, e);
    }
  }

  private GuestConnection connect(String path) {
    try {
      return connector.connect();
    } catch (IOException e) {
      throw broken(path, e);
    }
  }

  private CaissonException broken(String path, IOException cause) {
    return new CaissonException.Internal(
        "container " + container + ": " + path + " got no answer from its sandbox", cause);
  }

  private CaissonException interrupted(String path, InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new CaissonException.Internal(
        "container " + container + ": " + path + " was cancelled", cause);
  }
}

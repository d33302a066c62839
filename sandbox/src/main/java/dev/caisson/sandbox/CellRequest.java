package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.Limits;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;

/** A cell as the guest is asked to run it, checked. */
final class CellRequest {
  private static final Pattern OUTPUT_DIRECTORY = Pattern.compile("/files/output/[0-9a-f]{16}");

  private final CellProgram cell;
  private final Duration limit;
  private final byte[] payload;

  private CellRequest(CellProgram cell, Duration limit, byte[] payload) {
    this.cell = cell;
    this.limit = limit;
    this.payload = payload;
  }

  /**
   * Builds it.
   *
   * @throws CaissonException.InvalidRequest when code or environment cannot be handed to a process
   */
  static CellRequest of(CellProgram cell, Limits limits) {
    Duration limit =
        cell.limit().compareTo(limits.cellLimit()) < 0 ? cell.limit() : limits.cellLimit();
    if (!OUTPUT_DIRECTORY.matcher(cell.outputDirectory()).matches()) {
      throw new CaissonException.Internal("no output directory: " + cell.outputDirectory());
    }
    if (cell.language() == Language.BASH && cell.code().indexOf('\0') >= 0) {
      throw new CaissonException.InvalidRequest("code: bash cannot hold a NUL character");
    }
    Fields.Request request =
        Fields.Request.of("run")
            .with("language", cell.language().wireName())
            .with("mode", cell.mode() == InterpreterMode.FRESH ? "fresh" : "persistent")
            .with("limit", seconds(limit))
            .with("grace", seconds(limits.interruptGrace()))
            .with("cap", limits.outputPerStream().bytes())
            .with("output", cell.outputDirectory());
    for (Map.Entry<String, String> variable : cell.environment().entrySet()) {
      checkVariable(variable.getKey(), variable.getValue());
      request.with("env:" + variable.getKey(), variable.getValue());
    }
    for (String function : cell.functions()) {
      request.with("function", function);
    }
    return new CellRequest(cell, limit, request.payload(utf8("code", cell.code())));
  }

  /** The limit in force: the cell's own, at most the sandbox's. */
  Duration limit() {
    return limit;
  }

  /** What the guest is sent. */
  byte[] payload() {
    return payload;
  }

  /** Whether the container's own interpreter runs it. */
  boolean persistent() {
    return cell.language() == Language.PYTHON && cell.mode() == InterpreterMode.PERSISTENT;
  }

  private static String seconds(Duration duration) {
    return String.valueOf(duration.toNanos() / 1e9);
  }

  private static void checkVariable(String name, String value) {
    if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0) {
      throw new CaissonException.InvalidRequest(
          "env: '" + name.replace('\0', '?') + "' is not the name of an environment variable");
    }
    if (value.indexOf('\0') >= 0) {
      throw new CaissonException.InvalidRequest("env: " + name + " holds a NUL character");
    }
    utf8("env", name + value);
  }

  /** Refuses what has no UTF-8 form (a lone surrogate) rather than run something else. */
  static byte[] utf8(String field, String text) {
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      return copy;
    } catch (CharacterCodingException e) {
      throw new CaissonException.InvalidRequest(
          field + ": is not valid text (it holds half of a surrogate pair)");
    }
  }
}

package dev.caisson.messages;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.WorkspaceEntry;
import dev.caisson.engine.Workspaces;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

/** Files of a container by the paths that a model writes. For use by one thread. */
final class EditedFiles {
  /** A model cannot read more than a small part of this; it is what its API takes of a file. */
  private static final ByteSize READ_LIMIT = ByteSize.ofMebibytes(10);

  private static final String HOME = "/home/user";
  private static final String INPUTS = "/files/input";
  private static final String OUTPUTS = "/files/output";

  private final Workspaces workspaces;
  private final OrganizationId organization;
  private final ContainerId container;
  private final Runnable beforeWrite;

  EditedFiles(
      Workspaces workspaces,
      OrganizationId organization,
      ContainerId container,
      Runnable beforeWrite) {
    this.workspaces = workspaces;
    this.organization = organization;
    this.container = container;
    this.beforeWrite = beforeWrite;
  }

  /**
   * The absolute path that a model means. {@code $OUTPUT_DIR} is that of the latest cell that left
   * something in it.
   */
  String resolve(String path) {
    String expanded = path;
    if (path.equals("~") || path.startsWith("~/")) {
      expanded = HOME + path.substring(1);
    }
    expanded = expand(expanded, "HOME", HOME);
    expanded = expand(expanded, "INPUT_DIR", INPUTS);
    if (expanded.startsWith("$OUTPUT_DIR") || expanded.startsWith("${OUTPUT_DIR}")) {
      expanded = expand(expanded, "OUTPUT_DIR", latestOutputs());
    }
    return expanded.startsWith("/") ? expanded : HOME + "/" + expanded;
  }

  /** The text of a file; throws NotFound when there is none, InvalidRequest when it is no text. */
  String read(String path) {
    return text(path, bytes(path));
  }

  /** A file's content; throws NotFound when there is none, InvalidRequest when it is too large. */
  byte[] bytes(String path) {
    try (FileContent content = workspaces.read(organization, container, path, ByteRange.ALL)) {
      if (content.totalBytes() > READ_LIMIT.bytes()) {
        throw new CaissonException.InvalidRequest(
            path + ": " + content.totalBytes() + " bytes, over the limit of " + READ_LIMIT);
      }
      return content.stream().readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The text that a file's bytes are; throws InvalidRequest when they are none. */
  static String text(String path, byte[] bytes) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes))
          .toString();
    } catch (CharacterCodingException e) {
      throw new CaissonException.InvalidRequest(
          path + ": not a text file (UTF-8), an image (PNG, JPEG, GIF, WebP) or a PDF");
    }
  }

  /** Writes a file and says whether there was one. */
  boolean write(String path, String text) {
    boolean existed = exists(path);
    beforeWrite.run();
    workspaces.write(
        organization,
        container,
        path,
        new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    return existed;
  }

  /** The entries of a directory, or of the file itself. */
  List<WorkspaceEntry> list(String path) {
    return workspaces.list(organization, container, path);
  }

  /** Whether the path is a directory; false when there is nothing. */
  boolean isDirectory(String path) {
    try {
      List<WorkspaceEntry> entries = list(path);
      return entries.size() != 1 || !entries.getFirst().path().equals(path);
    } catch (CaissonException.NotFound e) {
      return false;
    }
  }

  private boolean exists(String path) {
    try {
      list(path);
      return true;
    } catch (CaissonException.NotFound e) {
      return false;
    }
  }

  private String latestOutputs() {
    try {
      return list(OUTPUTS).stream()
          .filter(entry -> entry.kind() == WorkspaceEntry.Kind.DIRECTORY)
          .max(Comparator.comparing(WorkspaceEntry::modifiedAt))
          .map(WorkspaceEntry::path)
          .orElse(OUTPUTS);
    } catch (CaissonException.NotFound e) {
      return OUTPUTS;
    }
  }

  private static String expand(String path, String variable, String value) {
    for (String form : List.of("${" + variable + "}", "$" + variable)) {
      boolean whole = path.length() == form.length();
      if (path.startsWith(form) && (whole || path.charAt(form.length()) == '/')) {
        return value + path.substring(form.length());
      }
    }
    return path;
  }
}

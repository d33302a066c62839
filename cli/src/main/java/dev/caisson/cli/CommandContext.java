package dev.caisson.cli;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileId;
import dev.caisson.domain.IdKind;
import org.jspecify.annotations.Nullable;

/** What commands need of what picocli fills in. */
final class CommandContext {
  private CommandContext() {}

  /** A field that picocli sets before a command is called. */
  static <T> T required(@Nullable T injected) {
    if (injected == null) {
      throw new IllegalStateException("the command was not started through picocli");
    }
    return injected;
  }

  static ContainerId containerId(String text) {
    if (!IdKind.CONTAINER.matches(text)) {
      throw text.startsWith(IdKind.CONTAINER.prefix())
          ? CaissonException.NotFound.container(text)
          : new UsageException("'" + text + "' is not a container id (container_...)");
    }
    return new ContainerId(text);
  }

  static FileId fileId(String text) {
    if (!IdKind.FILE.matches(text)) {
      throw text.startsWith(IdKind.FILE.prefix())
          ? CaissonException.NotFound.file(text)
          : new UsageException("'" + text + "' is not a file id (file_...)");
    }
    return new FileId(text);
  }
}

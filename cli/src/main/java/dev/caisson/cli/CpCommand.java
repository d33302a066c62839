package dev.caisson.cli;

import dev.caisson.cli.Connections.Need;
import dev.caisson.client.CaissonClient;
import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileReceipt;
import dev.caisson.wire.FileJson;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Copies one file into or out of a container. */
@Command(
    name = "cp",
    description = "Copies a file into or out of a container.",
    footer = {
      "",
      "Examples:",
      "  caisson cp data.csv container_5fK...:/home/user/data.csv",
      "  caisson cp data.csv container_5fK...:              (keeps its name, in the working directory)",
      "  caisson cp container_5fK...:/tmp/result.json .",
      "  caisson cp container_5fK...:/tmp/result.json -     (to standard output)"
    })
final class CpCommand implements Callable<Integer> {
  private static final String HOME = "/home/user/";

  @ParentCommand private @Nullable CaissonCommand root;

  @Mixin private ClientOptions clientOptions = new ClientOptions();

  @Parameters(index = "0", paramLabel = "SRC", description = "A local file, or CONTAINER:PATH.")
  private String source = "";

  @Parameters(
      index = "1",
      paramLabel = "DST",
      description = "A local file or directory, or CONTAINER:PATH.")
  private String target = "";

  /** One end that lies in a container; a relative path starts in the working directory. */
  private record Remote(ContainerId container, String path) {
    static Optional<Remote> parse(String text) {
      int colon = text.indexOf(':');
      if (!text.startsWith("container_") || colon < 0) {
        return Optional.empty();
      }
      String path = text.substring(colon + 1);
      return Optional.of(
          new Remote(
              CommandContext.containerId(text.substring(0, colon)),
              path.startsWith("/") ? path : HOME + path));
    }
  }

  @Override
  public Integer call() {
    CaissonCommand command = CommandContext.required(root);
    Optional<Remote> from = Remote.parse(source);
    Optional<Remote> to = Remote.parse(target);
    if (from.isPresent() == to.isPresent()) {
      throw new UsageException(
          "cp copies between here and a container: one of SRC and DST is CONTAINER:PATH");
    }
    Settings settings = clientOptions.apply(command.settings());
    try (Connection connection = Connections.open(settings, Need.CODE, command.console())) {
      CaissonClient client = connection.client();
      if (to.isPresent()) {
        upload(command, client, to.get());
      } else {
        download(command, client, from.orElseThrow());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return 0;
  }

  private void upload(CaissonCommand command, CaissonClient client, Remote to) throws IOException {
    Path local = Path.of(source);
    if (!Files.isRegularFile(local)) {
      throw new UsageException(
          Files.isDirectory(local)
              ? source + " is a directory; cp copies one file"
              : "no such file: " + source);
    }
    String path = to.path().endsWith("/") ? to.path() + local.getFileName() : to.path();
    try (InputStream content = Files.newInputStream(local)) {
      FileReceipt receipt = client.write(to.container(), path, content);
      report(command, receipt);
    }
  }

  private void download(CaissonCommand command, CaissonClient client, Remote from)
      throws IOException {
    String name = from.path().substring(from.path().lastIndexOf('/') + 1);
    try (FileContent content = client.read(from.container(), from.path(), ByteRange.ALL)) {
      if (target.equals("-")) {
        content.stream().transferTo(command.console().bytes());
        command.console().bytes().flush();
        return;
      }
      Path local = Path.of(target);
      Path destination = Files.isDirectory(local) ? local.resolve(name) : local;
      Path partial = destination.resolveSibling(destination.getFileName() + ".partial");
      String hash;
      try {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        long copied =
            Files.copy(
                new DigestInputStream(content.stream(), digest),
                partial,
                StandardCopyOption.REPLACE_EXISTING);
        hash = HexFormat.of().formatHex(digest.digest());
        if (copied != content.lengthBytes()) {
          throw new CaissonException.Internal(
              from.path() + ": " + copied + " of " + content.lengthBytes() + " bytes arrived");
        }
        Files.move(partial, destination, StandardCopyOption.REPLACE_EXISTING);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      } finally {
        Files.deleteIfExists(partial);
      }
      report(command, new FileReceipt(destination.toString(), content.lengthBytes(), hash));
    }
  }

  private static void report(CaissonCommand command, FileReceipt receipt) {
    if (command.json()) {
      command.console().line(Json.write(FileJson.write(receipt)));
    } else {
      command.console().note(receipt.path() + " (" + receipt.sizeBytes() + " bytes)");
    }
  }
}

package dev.caisson.cli;

import dev.caisson.cli.Connections.Need;
import dev.caisson.client.CaissonClient;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.StoredFile;
import dev.caisson.wire.FileJson;
import dev.caisson.wire.Json;
import dev.caisson.wire.PageJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Lists, stores, fetches and deletes stored files. */
@Command(
    name = "files",
    description = "Lists, stores, fetches and deletes files of the Files API.",
    footer = {
      "",
      "Examples:",
      "  caisson files put data.csv",
      "  caisson files ls",
      "  caisson files get file_8sD... chart.png",
      "  caisson files rm file_8sD..."
    })
final class FilesCommand {
  @ParentCommand private @Nullable CaissonCommand root;

  @Command(name = "ls", description = "Lists stored files, newest first.")
  int list(
      @Mixin ClientOptions options,
      @Option(names = "--limit", defaultValue = "100", description = "How many (default: 100).")
          int limit) {
    CaissonCommand command = CommandContext.required(root);
    try (Connection connection =
        Connections.open(options.apply(command.settings()), Need.RECORDS, command.console())) {
      CaissonClient client = connection.client();
      Page<StoredFile> page = client.files(new PageRequest(limit, Optional.empty()));
      if (command.json()) {
        command.console().line(Json.write(PageJson.write(page, FileJson::write)));
        return 0;
      }
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("FILE", "SIZE", "CREATED", "MADE BY", "NAME"));
      for (StoredFile file : page.items()) {
        rows.add(
            List.of(
                file.id().value(),
                Sizes.human(file.sizeBytes()),
                file.createdAt().truncatedTo(ChronoUnit.SECONDS).toString(),
                file.downloadable() ? "cell" : "upload",
                Sizes.printable(file.filename())));
      }
      command.console().table(rows);
      return 0;
    }
  }

  @Command(name = "put", description = "Stores a file.")
  int put(@Mixin ClientOptions options, @Parameters(paramLabel = "FILE") Path path)
      throws IOException {
    CaissonCommand command = CommandContext.required(root);
    Path name = path.getFileName();
    if (name == null || !Files.isRegularFile(path)) {
      throw new UsageException("no such file: " + path);
    }
    String type =
        Optional.ofNullable(Files.probeContentType(path)).orElse("application/octet-stream");
    try (Connection connection =
            Connections.open(options.apply(command.settings()), Need.RECORDS, command.console());
        InputStream content = Files.newInputStream(path)) {
      CaissonClient client = connection.client();
      StoredFile file = client.upload(name.toString(), type, content);
      command.console().line(command.json() ? Json.write(FileJson.write(file)) : file.id().value());
      return 0;
    }
  }

  @Command(
      name = "get",
      description = "Fetches a file that a cell made (uploads cannot be fetched).")
  int get(
      @Mixin ClientOptions options,
      @Parameters(index = "0", paramLabel = "FILE_ID") String id,
      @Parameters(
              index = "1",
              arity = "0..1",
              paramLabel = "DST",
              description = "Where to; - is standard output (default: its own name, here).")
          @Nullable String target) {
    CaissonCommand command = CommandContext.required(root);
    FileId fileId = CommandContext.fileId(id);
    try (Connection connection =
        Connections.open(options.apply(command.settings()), Need.RECORDS, command.console())) {
      CaissonClient client = connection.client();
      StoredFile file = client.file(fileId);
      try (FileContent content = client.download(fileId)) {
        if ("-".equals(target)) {
          content.stream().transferTo(command.console().bytes());
          command.console().bytes().flush();
          return 0;
        }
        Path wanted = Path.of(target == null ? "." : target);
        Path destination = Files.isDirectory(wanted) ? wanted.resolve(file.filename()) : wanted;
        Files.copy(content.stream(), destination, StandardCopyOption.REPLACE_EXISTING);
        command.console().note(destination + " (" + file.sizeBytes() + " bytes)");
        return 0;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Command(name = "rm", description = "Deletes stored files; containers keep their copies.")
  int remove(
      @Mixin ClientOptions options,
      @Parameters(paramLabel = "FILE_ID", arity = "1..*") List<String> ids) {
    CaissonCommand command = CommandContext.required(root);
    List<FileId> files = ids.stream().map(CommandContext::fileId).toList();
    try (Connection connection =
        Connections.open(options.apply(command.settings()), Need.RECORDS, command.console())) {
      CaissonClient client = connection.client();
      for (FileId file : files) {
        client.deleteFile(file);
        command
            .console()
            .line(command.json() ? Json.write(FileJson.writeDeleted(file)) : "deleted " + file);
      }
    }
    return 0;
  }
}

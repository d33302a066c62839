package dev.caisson.cli;

import dev.caisson.sandbox.BuildRequest;
import dev.caisson.sandbox.Image;
import dev.caisson.sandbox.ImageDescription;
import dev.caisson.sandbox.Images;
import dev.caisson.sandbox.Requirements;
import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Builds, lists and removes images. */
@Command(
    name = "image",
    description = "Builds, lists and removes images.",
    footer = {
      "",
      "Examples:",
      "  caisson image build                                the default image (numpy, pandas, pyarrow, matplotlib)",
      "  caisson image build --full                         everything the hosted tool has",
      "  caisson image build -r requirements.txt --name ml  an image of your own: use it with --image ml",
      "  caisson image ls",
      "  caisson image rm ml"
    })
final class ImageCommand {
  @ParentCommand private @Nullable CaissonCommand root;

  @Command(
      name = "build",
      description = "Builds an image of Python packages with the pip configuration of this user.")
  int build(
      @Option(
              names = {"-r", "--requirements"},
              paramLabel = "FILE",
              description = "What to install (default: the pinned list that Caisson ships).")
          @Nullable Path file,
      @Option(names = "--name", description = "What containers call it (default: default).")
          @Nullable String name,
      @Option(names = "--full", description = "Install the hosted tool's whole list.")
          boolean full) {
    CaissonCommand command = CommandContext.required(root);
    if (full && file != null) {
      throw new UsageException("--full and -r exclude each other");
    }
    if (file != null && name == null) {
      throw new UsageException(
          "-r needs --name: what containers will call the image (--name default replaces the default image)");
    }
    Requirements requirements =
        file != null ? Requirements.of(file) : full ? Requirements.full() : Requirements.standard();
    String imageName = name == null ? ImageDescription.DEFAULT_NAME : name;
    BuildRequest request = new BuildRequest(imageName, requirements, BuildRequest.Retry.NOW);
    Image image = ImageProgress.build(images(command), request, command.console());
    if (command.json()) {
      command.console().line(Json.write(json(image)));
      return 0;
    }
    ImageDescription description = image.description();
    command
        .console()
        .line(
            "image "
                + imageName
                + " holds "
                + description.packages().size()
                + " packages ("
                + description.digest().substring(0, 12)
                + ")");
    return 0;
  }

  @Command(name = "ls", description = "Lists images.")
  int list() {
    CaissonCommand command = CommandContext.required(root);
    List<Image> images = images(command).list();
    if (command.json()) {
      ObjectNode page = Json.object();
      ArrayNode data = page.putArray("data");
      images.forEach(image -> data.add(json(image)));
      command.console().line(Json.write(page));
      return 0;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("IMAGE", "DIGEST", "KIND", "PACKAGES", "MISSING"));
    for (Image image : images) {
      ImageDescription description = image.description();
      rows.add(
          List.of(
              description.name(),
              description.digest().substring(0, 12),
              image.kind().name().toLowerCase(Locale.ROOT),
              String.valueOf(description.packages().size()),
              String.join(" ", description.missing())));
    }
    command.console().table(rows);
    return 0;
  }

  @Command(name = "rm", description = "Removes images by name.")
  int remove(@Parameters(paramLabel = "NAME", arity = "1..*") List<String> names) {
    CaissonCommand command = CommandContext.required(root);
    Images images = images(command);
    for (String name : names) {
      images.remove(name);
      command.console().line("removed " + name);
    }
    return 0;
  }

  private static Images images(CaissonCommand command) {
    return Images.open(command.settings().path(Setting.IMAGES));
  }

  private static ObjectNode json(Image image) {
    ObjectNode json =
        Json.object()
            .put("name", image.description().name())
            .put("type", "image")
            .put("digest", image.description().digest())
            .put("kind", image.kind().name().toLowerCase(Locale.ROOT));
    ArrayNode packages = json.putArray("packages");
    image.description().packages().forEach(packages::add);
    ArrayNode missing = json.putArray("missing");
    image.description().missing().forEach(missing::add);
    return json;
  }
}

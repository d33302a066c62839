package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One attempt to fill a layer: the whole set by pip; when that fails, package by package; when
 * nothing can be had, what the host's own Python has. Only a list that Caisson ships may come out
 * with less than was wanted.
 */
final class LayerBuild {
  /** For indexes that were seen to answer: a lost packet is no reason to give a package up. */
  private static final List<String> PATIENT = List.of("--retries", "2", "--timeout", "15");

  /** For indexes that nobody asked before, because the requirements file names them. */
  private static final List<String> BRISK = List.of("--retries", "0", "--timeout", "5");

  private final BuildRequest request;
  private final Requirements requirements;
  private final Interpreter interpreter;
  private final InstalledPackages host;
  private final Path scratch;
  private final Path site;
  private final Map<String, String> environment;
  private final BuildListener listener;
  private final Pip pip;

  LayerBuild(
      BuildRequest request,
      Interpreter interpreter,
      InstalledPackages host,
      Path scratch,
      Map<String, String> environment,
      BuildListener listener) {
    this.request = request;
    this.requirements = request.requirements();
    this.interpreter = interpreter;
    this.host = host;
    this.scratch = scratch;
    this.site = ImageDirectory.site(scratch);
    this.environment = environment;
    this.listener = listener;
    this.pip = new Pip(interpreter.python(), scratch, environment);
  }

  Layer run() throws IOException, InterruptedException {
    Trees.make(site);
    if (requirements.wanted().isEmpty()) {
      return new Layer(Layer.Origin.COMPLETE, List.of(), List.of());
    }
    if (!pip.exists()) {
      return withoutPip(
          interpreter.python() + " has no pip; on Debian: apt-get install python3-pip");
    }
    if (requirements.namesItsSources()) {
      return fetch(BRISK, Map.of());
    }
    listener.on(new BuildStep.Probing());
    PackageIndexes indexes = PackageIndexes.probe(pip.configuration(), environment);
    for (String silent : indexes.silent()) {
      note("package index " + PackageIndexes.shown(silent) + " does not answer");
    }
    if (!indexes.usable()) {
      return withoutPip("no package index answers");
    }
    return fetch(PATIENT, indexes.environment());
  }

  private Layer fetch(List<String> patience, Map<String, String> sources)
      throws IOException, InterruptedException {
    Path file = Files.writeString(scratch.resolve("requirements.txt"), requirements.text());
    Pip.Outcome outcome =
        pip(install("-r", file.toString(), patience), sources, requirements.expected());
    if (outcome.succeeded()) {
      return new Layer(Layer.Origin.COMPLETE, inLayer().pinned(), List.of());
    }
    failures(outcome);
    return fetchOneByOne(patience, sources);
  }

  /** Fetches each package with what it needs, then installs at once all that came. */
  private Layer fetchOneByOne(List<String> patience, Map<String, String> sources)
      throws IOException, InterruptedException {
    Trees.delete(site);
    Trees.make(site);
    Path wheels = Trees.make(scratch.resolve("wheels"));
    List<String> options =
        requirements.lines().stream()
            .filter(Requirements.Line::isOption)
            .map(Requirements.Line::text)
            .toList();
    List<String> obtained = new ArrayList<>();
    Set<String> missing = new LinkedHashSet<>();
    for (Requirements.Line line : requirements.wanted()) {
      List<String> content = new ArrayList<>(options);
      content.add(line.text());
      Path one = Files.write(scratch.resolve("one.txt"), content);
      List<String> arguments = new ArrayList<>(List.of("download", "-d", wheels.toString()));
      arguments.addAll(List.of("-r", one.toString(), "-c", constraints(line).toString()));
      arguments.addAll(patience);
      arguments.addAll(binaryOnly());
      Pip.Outcome outcome = pip(arguments, sources, requirements.expected());
      if (!outcome.succeeded()) {
        failures(outcome);
        missing.add(line.name().orElse(line.text()));
      } else if (!outcome.ignoredByMarker()) {
        obtained.add(line.text());
      }
    }
    if (!missing.isEmpty() && !requirements.mayLackPackages()) {
      throw new CaissonException.InvalidRequest(cannotBeHad(missing));
    }
    if (obtained.isEmpty()) {
      return fromHost();
    }
    Path file = Files.write(scratch.resolve("obtained.txt"), obtained);
    List<String> arguments = install("-r", file.toString(), List.of());
    arguments.addAll(List.of("--find-links", wheels.toString()));
    Pip.Outcome outcome = pip(arguments, Map.of("PIP_NO_INDEX", "1"), obtained.size());
    if (!outcome.succeeded()) {
      throw new CaissonException.InvalidRequest(
          "the packages do not go together: " + String.join("; ", outcome.errors()));
    }
    Trees.delete(wheels);
    if (missing.isEmpty()) {
      return new Layer(Layer.Origin.COMPLETE, inLayer().pinned(), List.of());
    }
    note("not to be had: " + String.join(", ", missing) + tryAgain());
    return new Layer(Layer.Origin.PARTIAL, inLayer().pinned(), List.copyOf(missing));
  }

  /**
   * What the other lines pin. Not the line itself: pip would then explain its absence as a
   * conflict.
   */
  private Path constraints(Requirements.Line line) throws IOException {
    return Files.write(
        scratch.resolve("constraints.txt"),
        requirements.lines().stream()
            .filter(other -> !other.name().equals(line.name()))
            .flatMap(other -> other.constraint().stream())
            .toList());
  }

  private Layer withoutPip(String reason) throws IOException {
    if (!requirements.mayLackPackages()) {
      List<String> wanted =
          requirements.wanted().stream().map(line -> line.name().orElse(line.text())).toList();
      throw new CaissonException.HostUnfit(reason + "; " + cannotBeHad(wanted));
    }
    note(reason);
    return fromHost();
  }

  private static String cannotBeHad(Collection<String> names) {
    return "packages that cannot be had: " + String.join(", ", names);
  }

  /** An empty layer over what the host's Python has of what is wanted. */
  private Layer fromHost() throws IOException {
    Trees.delete(site);
    Trees.make(site);
    List<String> packages = new ArrayList<>();
    Set<String> missing = new LinkedHashSet<>();
    for (Requirements.Line line : requirements.wanted()) {
      String name = line.name().orElse(line.text());
      if (host.has(name)) {
        String pinned = name + "==" + host.versions().get(name);
        if (!packages.contains(pinned)) {
          packages.add(pinned);
        }
      } else {
        missing.add(name);
      }
    }
    note("using what " + interpreter.python() + " has itself: " + named(packages));
    if (!missing.isEmpty()) {
      note("missing: " + named(missing) + tryAgain());
      noteDebianPackages(missing);
    }
    return new Layer(Layer.Origin.HOST, packages, List.copyOf(missing));
  }

  private void noteDebianPackages(Set<String> missing) {
    List<String> known = DebianPackages.among(missing);
    if (known.isEmpty()) {
      return;
    }
    note("without an index, " + named(known) + ": " + DebianPackages.install(known));
    List<String> others = missing.stream().filter(name -> !known.contains(name)).toList();
    if (!others.isEmpty()) {
      note("only from an index: " + named(others));
    }
  }

  private String tryAgain() {
    String full = requirements.source() == Requirements.Source.FULL ? " --full" : "";
    String name =
        request.name().equals(ImageDescription.DEFAULT_NAME) ? "" : " --name " + request.name();
    return "; `caisson image build" + full + name + "` tries again at once";
  }

  private List<String> install(String option, String value, List<String> patience) {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("install", "--target", site.toString(), "--compile", option, value));
    arguments.addAll(patience);
    arguments.addAll(binaryOnly());
    return arguments;
  }

  private List<String> binaryOnly() {
    return switch (requirements.wheels()) {
      case ONLY -> List.of("--only-binary", ":all:");
      case PREFERRED -> List.of("--prefer-binary");
    };
  }

  private Pip.Outcome pip(List<String> arguments, Map<String, String> sources, int expected)
      throws InterruptedException {
    Pip.Outcome outcome =
        pip.run(arguments, requirements.base(), sources, new PipProgress(listener, expected));
    if (outcome.diskFull()) {
      throw new CaissonException.HostUnfit(
          "no space left on the file system of " + scratch.getParent() + " for an image");
    }
    return outcome;
  }

  private InstalledPackages inLayer() {
    return InstalledPackages.in(List.of(site));
  }

  private void failures(Pip.Outcome outcome) {
    outcome.errors().stream().findFirst().ifPresent(this::note);
  }

  private void note(String text) {
    listener.on(new BuildStep.Note(text));
  }

  private static String named(Iterable<String> names) {
    String text = String.join(", ", names);
    return text.isEmpty() ? "nothing" : text;
  }
}

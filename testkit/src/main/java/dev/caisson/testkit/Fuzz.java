package dev.caisson.testkit;

import dev.caisson.wire.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Sends a server thousands of requests that are almost right, from one seed, and holds it to its
 * promises: each is answered at once by success or by a 4xx with the envelope, and nothing stays
 * behind that no client was told of.
 */
public final class Fuzz {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int PROGRESS_EVERY = 500;
  private static final int MANY = 1000;

  private final RunningCaisson caisson;
  private final ScriptedUpstream upstream;
  private final Path data;
  private final long seed;
  private final Random random;
  private final Mutations mutations;
  private final List<FuzzTarget> targets;
  private final String kept;

  private final List<String> findings = new ArrayList<>();
  private final Map<Integer, Integer> statuses = new TreeMap<>();
  private final Map<String, Integer> refusedOf = new LinkedHashMap<>();
  private final Set<String> told = new LinkedHashSet<>();

  private Fuzz(RunningCaisson caisson, ScriptedUpstream upstream, Path data, long seed)
      throws IOException, InterruptedException {
    this.caisson = caisson;
    this.upstream = upstream;
    this.data = data;
    this.seed = seed;
    this.random = new Random(seed);
    this.mutations = new Mutations(seed + 1);
    this.kept = made("/v1/containers", "{}");
    this.targets = FuzzTarget.all(kept);
  }

  /**
   * What came of it.
   *
   * @param statuses how often each was answered; 0 stands for a connection that was closed
   * @param refusedOf by target, how many were answered by a 4xx
   * @param findings broken promises, each with what repeats it
   */
  public record Report(
      int sent,
      Map<Integer, Integer> statuses,
      Map<String, Integer> refusedOf,
      List<String> findings) {}

  /**
   * Runs against a fresh server of its own.
   *
   * @param directory empty; the server's data
   * @param progress is told how many are done, now and then
   */
  public static Report run(Path directory, long seed, int count, Consumer<Integer> progress) {
    try (ScriptedUpstream upstream = ScriptedUpstream.start();
        RunningCaisson caisson =
            RunningCaisson.over(directory)
                .upstream(upstream)
                .server(server -> server.withIdle(Duration.ofSeconds(1)))
                .start()) {
      Fuzz fuzz = new Fuzz(caisson, upstream, directory.resolve("data"), seed);
      for (int i = 0; i < count; i++) {
        if (i % PROGRESS_EVERY == 0) {
          progress.accept(i);
        }
        fuzz.one(i);
      }
      fuzz.lookForLeftovers();
      return new Report(
          count, Map.copyOf(fuzz.statuses), Map.copyOf(fuzz.refusedOf), List.copyOf(fuzz.findings));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private void one(int number) throws IOException, InterruptedException {
    FuzzTarget target = targets.get(random.nextInt(targets.size()));
    RawRequest request = mutant(target);
    upstream.reset();
    upstream.reply(ModelReply.bash("echo 1")).reply(ModelReply.saying("ok"));
    String what = "seed " + seed + " request " + number + " " + target.name();
    RawRequest.Answer answer;
    try {
      answer = request.send(caisson.url(), PATIENCE);
    } catch (SocketTimeoutException e) {
      findings.add(what + ": no reply for " + PATIENCE.toSeconds() + " s: " + shown(request));
      return;
    }
    statuses.merge(answer.status(), 1, Integer::sum);
    if (answer.status() >= 400 && answer.status() < 500) {
      refusedOf.merge(target.name(), 1, Integer::sum);
    }
    complaint(request, answer)
        .ifPresent(complaint -> findings.add(what + ": " + complaint + ": " + shown(request)));
    remember(answer);
  }

  /** What is wrong with an answer, if anything is. */
  private static Optional<String> complaint(RawRequest request, RawRequest.Answer answer) {
    int status = answer.status();
    if (status == 0) {
      // A request that was never whole may be left without a reply, any other may not.
      return request.complete() ? Optional.of("closed without a reply") : Optional.empty();
    }
    if (status < 200 || status >= 500) {
      return Optional.of(status + " " + answer.text());
    }
    if (status < 400) {
      return Optional.empty();
    }
    JsonNode envelope;
    try {
      envelope = answer.json().orElse(Json.object());
    } catch (RuntimeException e) {
      return Optional.of(status + " with a broken body " + answer.text());
    }
    boolean good =
        envelope.path("type").asStringOpt().orElse("").equals("error")
            && !envelope.at("/error/message").asStringOpt().orElse("").isEmpty()
            && !envelope.at("/error/type").asStringOpt().orElse("").isEmpty()
            && envelope.path("request_id").asStringOpt().orElse("").startsWith("req_");
    return good
        ? Optional.empty()
        : Optional.of(status + " without the envelope: " + answer.text());
  }

  /** Notes the containers that a reply tells of, and does away with them. */
  private void remember(RawRequest.Answer answer) throws IOException, InterruptedException {
    if (answer.status() / 100 != 2) {
      return;
    }
    java.util.regex.Matcher ids =
        java.util.regex.Pattern.compile("\"(container_[A-Za-z0-9]{10,})\"").matcher(answer.text());
    while (ids.find()) {
      String id = ids.group(1);
      if (!id.equals(kept) && told.add(id)) {
        request("DELETE", "/v1/containers/" + id, "").send(caisson.url(), PATIENCE);
      }
    }
  }

  /** Containers that no reply told of, files half uploaded, a server that no longer works. */
  private void lookForLeftovers() throws IOException, InterruptedException {
    JsonNode page =
        request("GET", "/v1/containers?limit=" + MANY, "")
            .send(caisson.url(), PATIENCE)
            .json()
            .orElseThrow();
    for (JsonNode container : page.path("data")) {
      String id = container.path("id").asString();
      if (!id.equals(kept) && !told.contains(id)) {
        findings.add("seed " + seed + ": container " + id + " was left, and no reply told of it");
      }
    }
    Path staging = data.resolve("blobs").resolve("staging");
    if (Files.isDirectory(staging)) {
      try (Stream<Path> files = Files.list(staging)) {
        files.forEach(file -> findings.add("seed " + seed + ": temporary file left: " + file));
      }
    }
    RawRequest.Answer alive =
        request(
                "POST",
                "/v1/containers/" + kept + "/cells",
                "{\"language\":\"bash\",\"code\":\"echo alive\"}")
            .send(caisson.url(), PATIENCE);
    if (!alive.text().contains("alive\\n")) {
      findings.add("seed " + seed + ": a cell afterwards: " + alive.text());
    }
  }

  private RawRequest mutant(FuzzTarget target) {
    byte[] body =
        target.json()
            ? mutations.of(target.body())
            : mutations.ofBytes(target.body().getBytes(StandardCharsets.ISO_8859_1));
    String path = random.nextInt(20) == 0 ? mutations.ofPath(target.path()) : target.path();
    List<String> headers = new ArrayList<>(headers(target.contentType(), body.length));
    switch (random.nextInt(16)) {
      case 0 -> headers.set(random.nextInt(headers.size()), mutations.header());
      case 1 -> headers.add(mutations.header());
      case 2 -> headers.remove(random.nextInt(headers.size()));
      default -> {} // as it should be
    }
    String head = target.method() + " " + path + " HTTP/1.1\r\n" + String.join("\r\n", headers);
    boolean lengthHolds = headers.contains("content-length: " + body.length);
    int cut = body.length == 0 ? 0 : random.nextInt(body.length);
    return switch (random.nextInt(40)) {
      case 0 -> new RawRequest(head, java.util.Arrays.copyOf(body, cut), cut, Duration.ZERO, false);
      case 1 -> new RawRequest(head, body, cut, Duration.ofMillis(50), lengthHolds);
      default -> new RawRequest(head, body, body.length, Duration.ZERO, lengthHolds);
    };
  }

  private List<String> headers(String contentType, int length) {
    return List.of(
        "host: " + caisson.url().getHost(),
        "connection: close",
        "x-api-key: " + caisson.key(),
        "anthropic-version: 2023-06-01",
        "content-type: " + contentType,
        "content-length: " + length);
  }

  private RawRequest request(String method, String path, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return RawRequest.of(
        method
            + " "
            + path
            + " HTTP/1.1\r\n"
            + String.join("\r\n", headers("application/json", bytes.length)),
        bytes);
  }

  private String made(String path, String body) throws IOException, InterruptedException {
    return request("POST", path, body)
        .send(URI.create(caisson.url().toString()), PATIENCE)
        .json()
        .orElseThrow()
        .path("id")
        .asString();
  }

  private String shown(RawRequest request) {
    String text =
        request.head().replace(caisson.key(), "KEY")
            + "\n\n"
            + new String(request.body(), StandardCharsets.ISO_8859_1);
    return text.length() > 4000 ? text.substring(0, 4000) + "..." : text;
  }
}

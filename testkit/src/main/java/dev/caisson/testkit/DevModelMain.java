package dev.caisson.testkit;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/**
 * {@code ./caisson dev-model}: a model by rules on loopback, for whoever wants to try the Messages
 * API without a model. Exit code 2 for wrong usage and for rules that cannot be read, 3 when the
 * port cannot be had.
 */
public final class DevModelMain {
  private static final String USAGE =
      "usage: caisson dev-model [--port PORT] [--delay MILLISECONDS] [RULES.json]";
  private static final int PORT = 8788;

  private static final String HELP =
      USAGE
          + """


          Answers the Messages API on loopback by rules instead of by a model, for `caisson serve --upstream`.
          Without rules it runs the code fences of your message and repeats the rest. See docs/dev-model.md.

          Examples:
            ./caisson dev-model
            ./caisson dev-model --port 9302 rules.json\
          """;

  /** Slow enough to be seen. */
  private static final Duration DELAY = Duration.ofMillis(20);

  private DevModelMain() {}

  /** What is asked for. */
  private record Options(int port, Duration delay, Optional<Path> rules) {}

  @SuppressWarnings("SystemOut") // A command of its own.
  public static void main(String[] arguments) throws InterruptedException {
    PrintStream out = System.out;
    PrintStream err = System.err;
    if (arguments.length == 1 && arguments[0].matches("-h|--help")) {
      out.println(HELP);
      return;
    }
    Options options;
    try {
      options = options(arguments);
    } catch (IllegalArgumentException e) {
      err.println(USAGE);
      System.exit(2);
      return;
    }
    DevModel model;
    try {
      model = DevModel.parse(rules(options.rules()));
    } catch (CaissonException | UncheckedIOException e) {
      String file = options.rules().map(Path::toString).orElse("the built-in rules");
      err.println("caisson dev-model: " + file + ": " + e.getMessage());
      System.exit(2);
      return;
    }
    ScriptedUpstream upstream;
    try {
      upstream =
          ScriptedUpstream.start(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), options.port()));
    } catch (UncheckedIOException e) {
      err.println("caisson dev-model: cannot listen on port " + options.port() + ": " + reason(e));
      System.exit(3);
      return;
    }
    upstream.otherwise(
        request -> {
          upstream.forgetRequests();
          return model.apply(request);
        },
        options.delay());
    upstream.at("/v1/models", _ -> model.models());
    upstream.at("/v1/messages/count_tokens", model::count);
    out.println("A model by rules is at " + upstream.url());
    out.println("Put Caisson before it with:");
    out.println();
    out.println("  ./caisson serve --upstream " + upstream.url());
    out.flush();
    new CountDownLatch(1).await();
  }

  /** Throws IllegalArgumentException where there is nothing sensible to do. */
  private static Options options(String[] arguments) {
    int port = PORT;
    Duration delay = DELAY;
    Optional<Path> rules = Optional.empty();
    for (int i = 0; i < arguments.length; i++) {
      boolean valued = i + 1 < arguments.length;
      if (arguments[i].equals("--port") && valued) {
        port = number(arguments[++i], 65_535);
      } else if (arguments[i].equals("--delay") && valued) {
        delay = Duration.ofMillis(number(arguments[++i], 60_000));
      } else if (arguments[i].startsWith("-") || rules.isPresent()) {
        throw new IllegalArgumentException(arguments[i]);
      } else {
        rules = Optional.of(Path.of(arguments[i]));
      }
    }
    return new Options(port, delay, rules);
  }

  private static int number(String text, int most) {
    int number = Integer.parseInt(text);
    if (number < 0 || number > most) {
      throw new IllegalArgumentException(text);
    }
    return number;
  }

  private static byte[] rules(Optional<Path> file) {
    try {
      if (file.isPresent()) {
        return Files.readAllBytes(file.get());
      }
      try (InputStream builtIn = DevModelMain.class.getResourceAsStream("dev-model.json")) {
        if (builtIn == null) {
          throw new IllegalStateException("the built-in rules are missing");
        }
        return builtIn.readAllBytes();
      }
    } catch (IOException e) {
      String why = e instanceof NoSuchFileException ? "there is no such file" : e.toString();
      throw new UncheckedIOException("cannot be read: " + why, e);
    }
  }

  private static String reason(UncheckedIOException failure) {
    return String.valueOf(failure.getCause() == null ? failure : failure.getCause().getMessage());
  }
}

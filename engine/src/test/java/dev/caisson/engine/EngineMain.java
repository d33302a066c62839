package dev.caisson.engine;

import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** The other side of {@link ChildEngine}. */
final class EngineMain {
  private EngineMain() {}

  @SuppressWarnings("SystemOut") // its parent reads it
  public static void main(String[] arguments) throws IOException, InterruptedException {
    try (EngineFixture caisson = new EngineFixture(Path.of(arguments[0]))) {
      System.out.println("open");
      BufferedReader commands =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = commands.readLine(); line != null; line = commands.readLine()) {
        String[] words = line.split(" ", 3);
        System.out.println(answer(caisson, words));
      }
    }
  }

  private static String answer(EngineFixture caisson, String[] words) throws InterruptedException {
    return switch (words[0]) {
      case "create" -> caisson.create().id().value();
      case "run" -> caisson.bash(new ContainerId(words[1]), words[2]).id().value();
      case "start" -> {
        CountDownLatch begun = new CountDownLatch(1);
        Thread.ofVirtual()
            .start(() ->
                caisson
                    .engine
                    .cells()
                    .run(
                        caisson.organization,
                        new ContainerId(words[1]),
                        CellSpec.bash(words[2]),
                        (stream, text) -> begun.countDown()));
        begun.await();
        yield "begun";
      }
      default -> throw new IllegalArgumentException(words[0]);
    };
  }
}

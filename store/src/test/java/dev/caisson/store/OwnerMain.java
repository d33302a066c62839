package dev.caisson.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Opens a data directory, says who it is and whom it sees, and stays until it is killed. */
final class OwnerMain {
  private static final String NONE = "-";

  private OwnerMain() {}

  /** Starts it with a data directory of a test. */
  static ChildProcess start(DatabaseKind database, Path data, String... owners) throws IOException {
    List<String> arguments = new ArrayList<>();
    arguments.add(data.toString());
    arguments.add(database.rawUrl(data).orElse(NONE));
    arguments.addAll(List.of(owners));
    return ChildProcess.start(OwnerMain.class, arguments.toArray(String[]::new));
  }

  @SuppressWarnings("SystemOut") // its parent reads it
  public static void main(String[] arguments) throws IOException {
    Optional<DatabaseUrl> url =
        Optional.of(arguments[1]).filter(text -> !text.equals(NONE)).map(DatabaseUrl::parse);
    Store store = Store.open(DataDirectory.open(Path.of(arguments[0])), url);
    System.out.println(store.owner().id());
    for (int i = 2; i < arguments.length; i++) {
      System.out.println(store.owners().alive(arguments[i]));
    }
    int end = System.in.read();
    store.close();
    System.exit(end < 0 ? 0 : 1);
  }
}

package dev.caisson.store;

import java.io.IOException;
import java.nio.file.Path;

/** Opens a data directory, says who it is and whom it sees, and stays until it is killed. */
final class OwnerMain {
  private OwnerMain() {}

  @SuppressWarnings("SystemOut") // its parent reads it
  public static void main(String[] arguments) throws IOException {
    Store store = Store.open(Path.of(arguments[0]));
    System.out.println(store.owner().id());
    for (int i = 1; i < arguments.length; i++) {
      System.out.println(store.owners().alive(arguments[i]));
    }
    int end = System.in.read();
    store.close();
    System.exit(end < 0 ? 0 : 1);
  }
}

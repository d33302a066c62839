package dev.caisson.store;

import java.io.IOException;
import java.nio.file.Path;

/** Claims a data directory as a server does, and stays until it is killed. */
final class ServerMain {
  private ServerMain() {}

  @SuppressWarnings("SystemOut") // its parent reads it
  public static void main(String[] arguments) throws IOException {
    DataDirectory.ServerClaim claim = DataDirectory.open(Path.of(arguments[0])).claimServer();
    claim.publish("http://127.0.0.1:8787");
    System.out.println("claimed");
    int end = System.in.read();
    claim.close();
    System.exit(end < 0 ? 0 : 1);
  }
}

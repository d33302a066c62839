package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException.HostUnfit;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
  @TempDir Path temporary;

  @Test
  void isClosedToOtherUsers() throws Exception {
    Path data = temporary.resolve("new").resolve("data");
    DataDirectory directory = DataDirectory.open(data);
    directory.writeCredentials("sk-caisson-x");
    Store.open(directory).close();
    assertThat(permissions(data)).isEqualTo("rwx------");
    assertThat(permissions(directory.run())).isEqualTo("rwx------");
    assertThat(permissions(directory.blobs())).isEqualTo("rwx------");
    assertThat(permissions(directory.credentials())).isEqualTo("rw-------");
    assertThat(permissions(directory.database())).isEqualTo("rw-------");
  }

  @Test
  void leavesTheRightsOfADirectoryThatIsThereAlready() throws Exception {
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
    DataDirectory.open(temporary);
    assertThat(permissions(temporary)).isEqualTo("rwxr-xr-x");
  }

  @Test
  void keepsOneLineOfCredentials() throws Exception {
    DataDirectory directory = DataDirectory.open(temporary);
    assertThat(directory.readCredentials()).isEmpty();
    directory.writeCredentials("sk-caisson-1");
    directory.writeCredentials("sk-caisson-2");
    assertThat(Files.readString(directory.credentials())).isEqualTo("sk-caisson-2\n");
    assertThat(DataDirectory.readCredentials(temporary)).contains("sk-caisson-2");
  }

  @Test
  void refusesASecondServerAndNamesTheFirst() throws Exception {
    DataDirectory directory = DataDirectory.open(temporary);
    try (ChildProcess server = ChildProcess.start(ServerMain.class, temporary.toString())) {
      assertThat(server.readLine()).isEqualTo("claimed");
      assertThat(directory.runningServer())
          .contains(new ServerAddress(URI.create("http://127.0.0.1:8787"), server.pid()));
      assertThatThrownBy(directory::claimServer)
          .isInstanceOf(HostUnfit.class)
          .hasMessageContaining(temporary.toString())
          .hasMessageContaining("pid " + server.pid())
          .hasMessageContaining("http://127.0.0.1:8787");

      server.kill();

      assertThat(directory.runningServer()).isEmpty();
      directory.claimServer().close();
    }
  }

  @Test
  void refusesASecondServerInOneProcess() {
    DataDirectory directory = DataDirectory.open(temporary);
    try (DataDirectory.ServerClaim claim = directory.claimServer()) {
      claim.publish("http://127.0.0.1:1");
      assertThat(DataDirectory.runningServer(temporary)).isPresent();
      assertThatThrownBy(() -> DataDirectory.open(temporary).claimServer())
          .isInstanceOf(HostUnfit.class)
          .hasMessageContaining("pid " + ProcessHandle.current().pid());
    }
    assertThat(directory.runningServer()).isEmpty();
    assertThat(temporary.resolve("server.json")).doesNotExist();
  }

  @Test
  void takesADamagedServerFileForNone() throws Exception {
    DataDirectory directory = DataDirectory.open(temporary);
    DataDirectory.ServerClaim claim = directory.claimServer();
    for (String text : new String[] {"", "{", "[]", "{\"url\":7}", "{\"url\":\"a b\"}"}) {
      Files.writeString(temporary.resolve("server.json"), text);
      assertThat(directory.runningServer()).as(text).isEmpty();
    }
    claim.close();
  }

  @Test
  void asksNothingOfADirectoryThatIsNotThere() {
    Path missing = temporary.resolve("missing");
    assertThat(DataDirectory.runningServer(missing)).isEmpty();
    assertThat(DataDirectory.readCredentials(missing)).isEmpty();
    assertThat(missing).doesNotExist();
  }

  @Test
  void namesAPathThatIsNoDirectory() throws Exception {
    Path file = Files.writeString(temporary.resolve("file"), "x");
    assertThatThrownBy(() -> DataDirectory.open(file))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining(file.toString());
  }

  private static String permissions(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}

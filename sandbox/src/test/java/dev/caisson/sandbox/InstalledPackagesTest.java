package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstalledPackagesTest {
  @TempDir Path site;

  @Test
  void readsEveryFormOfMetadata() throws IOException {
    Files.createDirectory(site.resolve("python_dateutil-2.9.0.post0.dist-info"));
    Files.createDirectory(site.resolve("pandas-1.5.3.egg-info"));
    Files.writeString(site.resolve("distro-1.8.0.egg-info"), "Version: 1.8.0\n");
    Files.createDirectory(site.resolve("cryptography.egg-info"));
    Files.writeString(
        site.resolve("cryptography.egg-info/PKG-INFO"), "Name: cryptography\nVersion: 38.0.4\n");
    Files.createDirectory(site.resolve("nothing.egg-info"));
    Files.createDirectory(site.resolve("numpy"));

    assertThat(InstalledPackages.in(List.of(site, site.resolve("absent"))).pinned())
        .containsExactly(
            "cryptography==38.0.4",
            "distro==1.8.0",
            "nothing==unknown",
            "pandas==1.5.3",
            "python-dateutil==2.9.0.post0");
  }

  @Test
  void hasAnotherFingerprintWhenAVersionChanges() throws IOException {
    Files.createDirectory(site.resolve("pandas-1.5.3.dist-info"));
    String before = InstalledPackages.in(List.of(site)).fingerprint();
    assertThat(InstalledPackages.in(List.of(site)).fingerprint()).isEqualTo(before);

    Files.move(site.resolve("pandas-1.5.3.dist-info"), site.resolve("pandas-1.5.4.dist-info"));
    assertThat(InstalledPackages.in(List.of(site)).fingerprint()).isNotEqualTo(before);
  }
}

package dev.caisson.server;

import dev.caisson.domain.FileContent;
import dev.caisson.domain.SkillFile;
import dev.caisson.domain.SkillVersion;
import dev.caisson.engine.Skills;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Sends a version of a skill as a zip archive of one directory, written while it is sent. */
final class SkillArchive {
  private SkillArchive() {}

  static void send(Context context, Skills skills, SkillVersion version) {
    context.contentType("application/zip");
    context.header("content-disposition", FileReply.disposition(version.name() + ".zip"));
    try (ZipOutputStream zip = new ZipOutputStream(context.res().getOutputStream())) {
      for (SkillFile file : skills.files(version)) {
        ZipEntry entry = new ZipEntry(version.name() + "/" + file.path());
        entry.setTime(version.createdAt().toEpochMilli());
        zip.putNextEntry(entry);
        try (FileContent content = skills.content(file)) {
          content.stream().transferTo(zip);
        }
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package dev.caisson.server;

import static java.util.Objects.requireNonNull;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.SkillManifest;
import dev.caisson.engine.SkillUpload;
import dev.caisson.wire.Clip;
import dev.caisson.wire.SkillFrontMatter;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;
import org.apache.commons.fileupload2.core.FileItemInput;
import org.apache.commons.fileupload2.core.FileItemInputIterator;

/**
 * The form that a version of a skill comes in: parts {@code files[]} whose filenames are paths, and
 * a name for people. The files go from the socket to the store as they come.
 *
 * @param displayName for people; absent or empty when the form has none
 */
record SkillForm(SkillManifest manifest, Optional<String> displayName) {
  /** The hosted Skills API takes 30 MB of files; what is around them is the rest. */
  private static final ByteSize BODY_LIMIT = new ByteSize(31_000_000);

  private static final ByteSize FIELD_LIMIT = new ByteSize(4096);
  private static final Set<String> FILES = Set.of("files[]", "files");

  /** The API's name of the field, and its name in the beta. */
  private static final Set<String> DISPLAY_NAME = Set.of("display_name", "display_title");

  static SkillForm receive(HttpServletRequest request, SkillUpload upload) {
    Optional<String> displayName = Optional.empty();
    try {
      FileItemInputIterator parts = MultipartBody.parts(request, BODY_LIMIT, "files");
      while (parts.hasNext()) {
        FileItemInput part = parts.next();
        String field = "" + part.getFieldName();
        if (FILES.contains(field)) {
          upload.add(
              MultipartBody.filename(part, "files"),
              RequestBody.limited(part.getInputStream(), BODY_LIMIT));
        } else if (DISPLAY_NAME.contains(field)) {
          displayName =
              Optional.of(MultipartBody.text(part, FIELD_LIMIT)).filter(text -> !text.isEmpty());
        } else {
          throw new CaissonException.InvalidRequest(
              Clip.word(field) + ": Extra inputs are not permitted");
        }
      }
    } catch (IOException e) {
      throw MultipartBody.malformed("files", e);
    } catch (UncheckedIOException e) {
      throw MultipartBody.malformed("files", requireNonNull(e.getCause()));
    }
    return new SkillForm(SkillFrontMatter.read(upload.manifest(), upload.directory()), displayName);
  }
}

package dev.caisson.store;

import dev.caisson.domain.CellChanges;
import dev.caisson.domain.ChangedFile;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * The files that a cell changed, as one text: they are only ever read together, and a cell may have
 * changed a thousand. Four lists of {@code path, size, hash}, in the order of {@link
 * CellChanges.Known}.
 */
final class ChangesText {
  private static final JsonFactory FACTORY = new JsonFactory();

  /** What most cells change. */
  private static final String NOTHING = "[[],[],[],[]]";

  private ChangesText() {}

  static String write(CellChanges.Known changes) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartArray();
      write(json, changes.created());
      write(json, changes.modified());
      write(json, changes.deleted());
      write(json, changes.unattributed());
      json.writeEndArray();
    }
    return text.toString();
  }

  private static void write(JsonGenerator json, List<ChangedFile> files) {
    json.writeStartArray();
    for (ChangedFile file : files) {
      json.writeString(file.path());
      json.writeNumber(file.sizeBytes());
      json.writeString(file.sha256().orElse(""));
    }
    json.writeEndArray();
  }

  static CellChanges.Known read(String text, long omitted, Optional<String> incomplete) {
    if (text.equals(NOTHING)) {
      return known(List.of(List.of(), List.of(), List.of(), List.of()), omitted, incomplete);
    }
    List<List<ChangedFile>> lists = new ArrayList<>();
    try (JsonParser json = FACTORY.createParser(ObjectReadContext.empty(), text)) {
      json.nextToken();
      while (json.nextToken() == JsonToken.START_ARRAY) {
        lists.add(files(json));
      }
    }
    return known(lists, omitted, incomplete);
  }

  private static List<ChangedFile> files(JsonParser json) {
    List<ChangedFile> files = new ArrayList<>();
    while (json.nextToken() == JsonToken.VALUE_STRING) {
      String path = json.getString();
      json.nextToken();
      long size = json.getLongValue();
      json.nextToken();
      String sha256 = json.getString();
      files.add(
          new ChangedFile(path, size, sha256.isEmpty() ? Optional.empty() : Optional.of(sha256)));
    }
    return files;
  }

  private static CellChanges.Known known(
      List<List<ChangedFile>> lists, long omitted, Optional<String> incomplete) {
    return new CellChanges.Known(
        lists.get(0), lists.get(1), lists.get(2), lists.get(3), omitted, incomplete);
  }
}

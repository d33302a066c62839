package dev.caisson.wire;

import dev.caisson.domain.SkillManifest;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Reads the head of a {@code SKILL.md}: YAML between a first line and a later line that are {@code
 * ---}. Fields other than {@code name} and {@code description} are for others and are not looked
 * at.
 */
public final class SkillFrontMatter {
  private static final YAMLMapper YAML = new YAMLMapper();
  private static final String MARK = "---";
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private SkillFrontMatter() {}

  /**
   * Throws InvalidRequest that says what is wrong with the file.
   *
   * @param directory names the skill when the file does not
   */
  public static SkillManifest read(byte[] skillFile, String directory) {
    JsonNode head = yaml(head(decode(skillFile)));
    if (!head.isObject()) {
      throw SkillManifest.invalid("the YAML between the --- lines must be fields and values");
    }
    String name = text(head, "name");
    return new SkillManifest(name.isEmpty() ? directory : name, text(head, "description"));
  }

  private static String decode(byte[] skillFile) {
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(skillFile)).toString();
      return !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw SkillManifest.invalid("not UTF-8 text");
    }
  }

  private static String head(String text) {
    StringBuilder head = new StringBuilder();
    boolean begun = false;
    for (String line : (Iterable<String>) text.lines()::iterator) {
      boolean mark = line.stripTrailing().equals(MARK);
      if (!begun && !mark) {
        break;
      }
      if (begun && mark) {
        return head.toString();
      }
      if (begun) {
        head.append(line).append('\n');
      }
      begun = true;
    }
    throw SkillManifest.invalid(
        begun
            ? "the --- that ends the front matter is missing"
            : "must begin with YAML front matter: a line ---, name and description, a line ---");
  }

  private static JsonNode yaml(String head) {
    try {
      return YAML.readTree(head);
    } catch (JacksonException e) {
      // The file's own first line is the mark.
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr() + 1;
      String told = e.getOriginalMessage().lines().findFirst().orElse("");
      throw SkillManifest.invalid(
          "line "
              + line
              + ": not valid YAML: "
              + Clip.to(told, 200)
              + "; quote a value that has a colon");
    }
  }

  private static String text(JsonNode head, String field) {
    JsonNode value = head.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return "";
    }
    if (!value.isValueNode()) {
      throw SkillManifest.invalid(field + ": must be text");
    }
    return value.asString().strip();
  }
}

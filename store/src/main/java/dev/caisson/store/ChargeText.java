package dev.caisson.store;

import dev.caisson.domain.Charge;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Intervals;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Requester;
import dev.caisson.domain.RunId;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A charge as names and texts, in an order that never changes: the form in which one is kept before
 * it has a row, and of which a row's hash is made.
 */
final class ChargeText {
  private ChargeText() {}

  static Map<String, String> fields(Charge charge) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("request", charge.requester().requestId());
    fields.put("organization", charge.requester().organization().value());
    fields.put("key", charge.requester().key().map(KeyId::value).orElse(""));
    fields.put("run", charge.run().map(RunId::value).orElse(""));
    fields.put("group", charge.group().orElse(""));
    fields.put("exempt", String.valueOf(charge.exempt()));
    fields.put("container", charge.container().value());
    fields.put("epoch", String.valueOf(charge.epoch()));
    fields.put("timeline", charge.timeline());
    fields.put("started_at", String.valueOf(charge.startedAt().toEpochMilli()));
    fields.put("intervals", charge.intervals().text());
    fields.put("preload_ms", String.valueOf(charge.preloadMillis()));
    fields.put("execution_ms", String.valueOf(charge.executionMillis()));
    fields.put("cpu_us", String.valueOf(micros(charge.cpu())));
    fields.put("attached_files", String.valueOf(charge.attachedFiles()));
    fields.put("attached_bytes", String.valueOf(charge.attachedBytes()));
    fields.put("cells", String.valueOf(charge.cells()));
    fields.put("alone_ms", String.valueOf(charge.aloneMillis()));
    fields.put("tool_ran", String.valueOf(charge.toolRan()));
    return fields;
  }

  static String write(Charge charge) {
    return Json.writeStrings(fields(charge));
  }

  static Charge read(String text) {
    Map<String, String> fields = Json.readStrings(text);
    return new Charge(
        new Requester(
            field(fields, "request"),
            new OrganizationId(field(fields, "organization")),
            optional(fields, "key").map(KeyId::new)),
        optional(fields, "run").map(RunId::new),
        optional(fields, "group"),
        Boolean.parseBoolean(field(fields, "exempt")),
        new ContainerId(field(fields, "container")),
        number(fields, "epoch"),
        field(fields, "timeline"),
        Instant.ofEpochMilli(number(fields, "started_at")),
        Intervals.parse(field(fields, "intervals")),
        number(fields, "preload_ms"),
        number(fields, "execution_ms"),
        Duration.ofNanos(number(fields, "cpu_us") * 1000),
        number(fields, "attached_files"),
        number(fields, "attached_bytes"),
        number(fields, "cells"),
        number(fields, "alone_ms"),
        Boolean.parseBoolean(field(fields, "tool_ran")));
  }

  static long micros(Duration cpu) {
    return cpu.toNanos() / 1000;
  }

  private static long number(Map<String, String> fields, String name) {
    return Long.parseLong(field(fields, name));
  }

  private static Optional<String> optional(Map<String, String> fields, String name) {
    return Optional.of(field(fields, name)).filter(text -> !text.isEmpty());
  }

  private static String field(Map<String, String> fields, String name) {
    String value = fields.get(name);
    if (value == null) {
      throw new IllegalArgumentException("a kept charge without " + name);
    }
    return value;
  }
}

package dev.caisson.engine;

import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Skill;
import dev.caisson.domain.SkillFile;
import dev.caisson.domain.SkillId;
import dev.caisson.domain.SkillManifest;
import dev.caisson.domain.SkillVersion;
import dev.caisson.domain.SkillVersionId;
import dev.caisson.store.Blobs;
import dev.caisson.store.FileStore;
import dev.caisson.store.SkillStore;
import dev.caisson.store.Store;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Skills and their versions. Safe for use from many threads. */
public final class Skills {
  /** Stands for the newest version. */
  public static final String LATEST = "latest";

  private static final int MAX_DISPLAY_NAME = 255;

  private final SkillStore store;
  private final HostDisk disk;
  private final FileStore content;
  private final Blobs blobs;
  private final String self;
  private final InstantSource clock;

  Skills(HostDisk disk, Store store, InstantSource clock) {
    this.disk = disk;
    this.store = store.skills();
    this.content = store.files();
    this.blobs = store.blobs();
    this.self = store.owner().id();
    this.clock = clock;
  }

  /** Begins to take the files of a version. */
  public SkillUpload upload() {
    disk.requireRoom();
    return new SkillUpload(blobs);
  }

  /** A new skill with its first version. */
  public Skill create(
      OrganizationId organization,
      Optional<String> displayName,
      SkillManifest manifest,
      SkillUpload upload) {
    displayName.ifPresent(Skills::checkDisplayName);
    Instant now = now();
    SkillVersion version = version(SkillId.next(), manifest, now);
    Skill skill =
        new Skill(
            version.skillId(),
            manifest.name(),
            displayName.orElse(manifest.name()),
            Optional.of(version),
            now,
            now);
    keep(
        upload,
        reservations -> store.insert(organization, skill, version, upload.files(), reservations));
    return get(organization, skill.id());
  }

  /** A further version; throws InvalidRequest when it is of another name than the skill. */
  public SkillVersion addVersion(
      OrganizationId organization, SkillId id, SkillManifest manifest, SkillUpload upload) {
    Skill skill = get(organization, id);
    if (!skill.name().equals(manifest.name())) {
      throw SkillManifest.invalid(
          "name: the skill is named '"
              + skill.name()
              + "', and every version of it is, not '"
              + manifest.name()
              + "'");
    }
    SkillVersion version = version(id, manifest, now());
    keep(
        upload,
        reservations -> {
          if (!store.insert(version, upload.files(), reservations)) {
            throw NotFound.skill(id.value());
          }
        });
    return version(organization, id, version.id().value());
  }

  /** Stores the content before the rows that name it. */
  private void keep(SkillUpload upload, Consumer<List<String>> insert) {
    List<String> reservations = content.reserve(upload.hashes(), self);
    boolean kept = false;
    try {
      upload.place();
      insert.accept(reservations);
      kept = true;
    } finally {
      if (!kept) {
        content.abandon(reservations);
      }
    }
  }

  private static SkillVersion version(SkillId skill, SkillManifest manifest, Instant now) {
    return new SkillVersion(
        SkillVersionId.next(),
        skill,
        manifest.name(),
        manifest.description(),
        ChronoUnit.MICROS.between(Instant.EPOCH, now),
        now);
  }

  private Instant now() {
    return Instant.ofEpochMilli(clock.millis());
  }

  private static void checkDisplayName(String name) {
    int characters = name.codePointCount(0, name.length());
    if (name.isBlank() || characters > MAX_DISPLAY_NAME || Text.hasControlCharacter(name)) {
      throw new InvalidRequest(
          "display_name: must be one line of 1 to " + MAX_DISPLAY_NAME + " characters");
    }
  }

  /** The skill; throws NotFound when unknown, deleted or foreign. */
  public Skill get(OrganizationId organization, SkillId id) {
    return store.find(organization, id).orElseThrow(() -> NotFound.skill(id.value()));
  }

  /** Newest first. */
  public Page<Skill> list(OrganizationId organization, PageRequest page) {
    return store.list(organization, page);
  }

  /** The versions of a skill, newest first. */
  public Page<SkillVersion> versions(OrganizationId organization, SkillId id, PageRequest page) {
    get(organization, id);
    return store.versions(id, page);
  }

  /**
   * A version of a skill; throws NotFound when there is none.
   *
   * @param reference its id, its number, or {@link #LATEST}
   */
  public SkillVersion version(OrganizationId organization, SkillId id, String reference) {
    Skill skill = get(organization, id);
    Optional<SkillVersion> version =
        reference.equals(LATEST) ? skill.latest() : store.version(id, reference);
    return version.orElseThrow(() -> NotFound.skillVersion(id.value(), reference));
  }

  /** The files of a version, by path. */
  public List<SkillFile> files(SkillVersion version) {
    return store.files(version.id());
  }

  public FileContent content(SkillFile file) {
    return blobs.open(file.sha256(), file.sizeBytes());
  }

  /** Deletes a skill with all of its versions; containers keep their copies. */
  public void delete(OrganizationId organization, SkillId id) {
    get(organization, id);
    store.delete(id);
    content.collectGarbage(blobs);
  }

  /** Deletes a version; containers keep their copies. */
  public SkillVersion deleteVersion(OrganizationId organization, SkillId id, String reference) {
    SkillVersion version = version(organization, id, reference);
    store.delete(version.id(), now());
    content.collectGarbage(blobs);
    return version;
  }
}

package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.CaissonException.TooLarge;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.Rebuild.Kind;
import dev.caisson.domain.Rebuild.Step;
import dev.caisson.domain.Rebuild.StepResult;
import dev.caisson.domain.SkillVersion;
import dev.caisson.domain.SkillVersionId;
import dev.caisson.store.CellStore;
import dev.caisson.store.JournalEntry;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/** Takes the steps of a rebuild, one by one. Safe for use from many threads. */
final class RebuildSteps {
  /** Ends that came from the container's own limits, and come again. */
  private static final Set<String> REPEATABLE =
      Set.of("out_of_memory", CellOutcome.Killed.DISK_FULL);

  private final Containers containers;
  private final Cells cells;
  private final CellStore history;
  private final Workspaces workspaces;
  private final Journal journal;
  private final BiFunction<OrganizationId, SkillVersionId, Optional<SkillVersion>> skills;

  /**
   * @param skills finds a version of a skill that an organization has
   */
  RebuildSteps(
      Containers containers,
      Cells cells,
      CellStore history,
      Workspaces workspaces,
      Journal journal,
      BiFunction<OrganizationId, SkillVersionId, Optional<SkillVersion>> skills) {
    this.containers = containers;
    this.cells = cells;
    this.history = history;
    this.workspaces = workspaces;
    this.journal = journal;
    this.skills = skills;
  }

  /**
   * A step that was taken.
   *
   * @param before the original's cell
   * @param now the cell that ran again
   */
  record Taken(JournalEntry entry, Step step, Optional<Cell> before, Optional<Cell> now) {
    Taken(JournalEntry entry, Step step) {
      this(entry, step, Optional.empty(), Optional.empty());
    }
  }

  Taken take(Billing billing, ContainerId to, JournalEntry entry) {
    OrganizationId organization = billing.requester().organization();
    return switch (entry) {
      case JournalEntry.Ran ran -> run(billing, to, ran);
      case JournalEntry.Written write -> write(organization, to, write);
      case JournalEntry.Deleted deleted -> delete(organization, to, deleted);
      case JournalEntry.Mounted mount -> mount(billing, to, mount);
      case JournalEntry.SkillMounted skill -> mountSkill(billing, to, skill);
    };
  }

  private Taken run(Billing billing, ContainerId to, JournalEntry.Ran ran) {
    Optional<Cell> before = history.find(ran.cell());
    Optional<String> obstacle = obstacle(ran, before);
    String subject = ran.cell().value();
    if (obstacle.isPresent()) {
      Step step = new Step(Kind.CELL, subject, StepResult.SKIPPED, Optional.empty(), obstacle);
      return new Taken(ran, step, before, Optional.empty());
    }
    Cell now;
    try {
      now = cells.run(billing, to, ran.spec(), OutputListener.NONE);
    } catch (InvalidRequest e) {
      // Limits may have become lower since.
      Step step =
          new Step(
              Kind.CELL,
              subject,
              StepResult.SKIPPED,
              Optional.empty(),
              Optional.of(e.getMessage()));
      return new Taken(ran, step, before, Optional.empty());
    }
    CellOutcome then = before.orElseThrow().outcome();
    boolean same =
        now.outcome().status().equals(then.status())
            && now.outcome().returnCode() == then.returnCode();
    Optional<String> note =
        same ? Optional.empty() : Optional.of(ended(then) + " before, " + ended(now.outcome()));
    if (ran.variables() > 0) {
      String without =
          "ran without its "
              + ran.variables()
              + " environment variable"
              + (ran.variables() == 1 ? "" : "s")
              + ": their values are never stored";
      note = Optional.of(note.map(text -> text + "; " + without).orElse(without));
    }
    Step step =
        new Step(
            Kind.CELL,
            subject,
            same ? StepResult.SAME : StepResult.DIFFERENT,
            Optional.of(now.id()),
            note);
    return new Taken(ran, step, before, Optional.of(now));
  }

  /** Why a cell cannot run again as it ran. */
  private static Optional<String> obstacle(JournalEntry.Ran ran, Optional<Cell> before) {
    if (ran.tools() > 0) {
      return Optional.of("its code could call tools of the client, who is not here");
    }
    if (before.isEmpty()) {
      return Optional.of("it has not ended");
    }
    return switch (before.get().outcome()) {
      case CellOutcome.Completed completed -> Optional.empty();
      case CellOutcome.TimedOut timedOut -> Optional.empty();
      case CellOutcome.Killed killed ->
          REPEATABLE.contains(killed.reason()) ? Optional.empty() : cutOff(killed.reason());
      case CellOutcome.Lost lost -> cutOff(lost.reason());
    };
  }

  private static Optional<String> cutOff(String reason) {
    return Optional.of("it was cut off (" + reason + "), nobody knows where");
  }

  private static String ended(CellOutcome outcome) {
    return outcome.status() + " with " + outcome.returnCode();
  }

  private Taken write(OrganizationId organization, ContainerId to, JournalEntry.Written write) {
    if (!write.kept()) {
      return skipped(
          write,
          Kind.WRITE,
          write.path(),
          "a request wrote it, and content is kept up to "
              + Journal.KEPT_OF_A_FILE / 1024
              + " KiB for a file and "
              + Journal.KEPT_OF_A_CONTAINER / (1024 * 1024)
              + " MiB for a container");
    }
    try (FileContent content = journal.content(write)) {
      workspaces.write(organization, to, write.path(), content.stream());
      return done(write, Kind.WRITE, write.path());
    } catch (InvalidRequest | NotFound | TooLarge | Internal e) {
      containers.living(organization, to);
      return skipped(write, Kind.WRITE, write.path(), String.valueOf(e.getMessage()));
    }
  }

  private Taken delete(OrganizationId organization, ContainerId to, JournalEntry.Deleted deleted) {
    try {
      workspaces.delete(organization, to, deleted.path());
      return done(deleted, Kind.DELETE, deleted.path());
    } catch (InvalidRequest | NotFound e) {
      return skipped(deleted, Kind.DELETE, deleted.path(), String.valueOf(e.getMessage()));
    }
  }

  private Taken mount(Billing billing, ContainerId to, JournalEntry.Mounted mount) {
    try {
      containers.mount(billing, to, List.of(mount.file()));
      return done(mount, Kind.MOUNT, mount.filename());
    } catch (InvalidRequest | NotFound e) {
      return skipped(
          mount,
          Kind.MOUNT,
          mount.filename(),
          "upload " + mount.file() + " cannot be had any more: " + e.getMessage());
    }
  }

  private Taken mountSkill(Billing billing, ContainerId to, JournalEntry.SkillMounted skill) {
    Optional<SkillVersion> version =
        skills.apply(billing.requester().organization(), skill.version());
    if (version.isEmpty()) {
      return skipped(
          skill, Kind.SKILL, skill.name(), "version " + skill.version() + " is not there any more");
    }
    containers.mountSkills(billing, to, List.of(version.get()));
    return done(skill, Kind.SKILL, skill.name());
  }

  private static Taken done(JournalEntry entry, Kind kind, String subject) {
    return new Taken(
        entry, new Step(kind, subject, StepResult.SAME, Optional.empty(), Optional.empty()));
  }

  private static Taken skipped(JournalEntry entry, Kind kind, String subject, String why) {
    return new Taken(
        entry, new Step(kind, subject, StepResult.SKIPPED, Optional.empty(), Optional.of(why)));
  }
}

package dev.caisson.engine;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Rebuild;
import dev.caisson.domain.RebuildListener;
import dev.caisson.domain.Requester;
import dev.caisson.sandbox.Sandboxes;
import dev.caisson.store.ContainerRow;
import dev.caisson.store.JournalEntry;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Does again, in a new container, everything that was done to another one, and compares the files.
 * The new container is one like any other from the start: what it is made of is seen in its
 * history, and a server that is killed meanwhile leaves it with what had been done. Safe for use
 * from many threads.
 */
public final class Rebuilds {
  private static final Logger LOG = System.getLogger(Rebuilds.class.getName());

  private final Containers containers;
  private final Sandboxes sandboxes;
  private final Ledger ledger;
  private final Journal journal;
  private final RebuildSteps steps;
  private final RebuildComparison comparison;

  Rebuilds(
      Containers containers,
      Sandboxes sandboxes,
      Ledger ledger,
      Journal journal,
      RebuildSteps steps,
      RebuildComparison comparison) {
    this.containers = containers;
    this.sandboxes = sandboxes;
    this.ledger = ledger;
    this.journal = journal;
    this.steps = steps;
    this.comparison = comparison;
  }

  /**
   * Rebuilds a container that lives or has expired; it is one request to the bill. Interrupting the
   * thread, or a step that finds no place, ends it, and the new container is deleted.
   *
   * @param labels of the new container; empty for the original's
   * @throws InvalidRequest when its image is gone
   * @throws CaissonException.NotFound when it is unknown, deleted or foreign
   */
  public Rebuild rebuild(
      Requester requester,
      ContainerId id,
      Optional<Map<String, String>> labels,
      RebuildListener listener) {
    OrganizationId organization = requester.organization();
    ContainerRow row = containers.row(organization, id);
    if (sandboxes.image(row.image()).isEmpty()) {
      throw new InvalidRequest(
          "container "
              + id
              + " was made on image '"
              + row.image()
              + "', which is not there any more; build it again first");
    }
    List<JournalEntry> entries = journal.of(id);
    Billing billing = ledger.ofMessage(requester, false);
    try {
      Rebuild rebuilt = rebuild(billing, row, labels.orElse(row.labels()), entries, listener);
      billing.close();
      return rebuilt;
    } finally {
      ledger.endQuietly(billing);
    }
  }

  private Rebuild rebuild(
      Billing billing,
      ContainerRow row,
      Map<String, String> labels,
      List<JournalEntry> entries,
      RebuildListener listener) {
    OrganizationId organization = billing.requester().organization();
    Container made =
        containers.create(billing, new ContainerSpec(Optional.of(row.image()), List.of(), labels));
    boolean whole = false;
    try {
      List<RebuildSteps.Taken> taken = new ArrayList<>();
      for (JournalEntry entry : entries) {
        RebuildSteps.Taken one = steps.take(billing, made.id(), entry);
        taken.add(one);
        listener.step(one.step(), taken.size(), entries.size());
        if (Thread.currentThread().isInterrupted()) {
          throw new InterruptedException();
        }
      }
      RebuildComparison.Result compared = comparison.compare(row.id(), made.id(), taken);
      whole = true;
      return new Rebuild(
          containers.require(organization, made.id()),
          row.id(),
          taken.stream().map(RebuildSteps.Taken::step).toList(),
          compared.counts(),
          compared.listed(),
          compared.omitted(),
          compared.incomplete());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Internal("interrupted while container " + row.id() + " was rebuilt", e);
    } finally {
      if (!whole) {
        discard(organization, made.id());
      }
    }
  }

  private void discard(OrganizationId organization, ContainerId id) {
    boolean interrupted = Thread.interrupted();
    try {
      containers.delete(organization, id);
    } catch (CaissonException e) {
      LOG.log(Level.WARNING, () -> "container=" + id + " is half rebuilt and was not deleted", e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}

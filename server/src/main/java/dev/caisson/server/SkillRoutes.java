package dev.caisson.server;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Skill;
import dev.caisson.domain.SkillId;
import dev.caisson.domain.SkillVersion;
import dev.caisson.engine.SkillUpload;
import dev.caisson.engine.Skills;
import dev.caisson.wire.Clip;
import dev.caisson.wire.PageJson;
import dev.caisson.wire.SkillJson;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code /v1/skills}: the Skills API, as it is today and, to a request with its beta header, as it
 * was in beta.
 */
final class SkillRoutes {
  private final Skills skills;

  SkillRoutes(Skills skills) {
    this.skills = skills;
  }

  void register(RoutesConfig routes) {
    routes.post("/v1/skills", this::create);
    routes.get("/v1/skills", this::list);
    routes.get("/v1/skills/{id}", this::read);
    routes.delete("/v1/skills/{id}", this::delete);
    routes.post("/v1/skills/{id}/versions", this::addVersion);
    routes.get("/v1/skills/{id}/versions", this::versions);
    routes.get("/v1/skills/{id}/versions/{version}", this::readVersion);
    routes.get("/v1/skills/{id}/versions/{version}/content", this::download);
    routes.delete("/v1/skills/{id}/versions/{version}", this::deleteVersion);
  }

  private void create(Context context) {
    Exchange exchange = new Exchange(context);
    boolean beta = beta(context);
    try (SkillUpload upload = skills.upload()) {
      SkillForm form = SkillForm.receive(context.req(), upload);
      Skill made =
          skills.create(exchange.organization(), form.displayName(), form.manifest(), upload);
      exchange.reply(200, json(made, beta));
    }
  }

  private void addVersion(Context context) {
    Exchange exchange = new Exchange(context);
    boolean beta = beta(context);
    SkillId id = skills.get(exchange.organization(), exchange.skillId()).id();
    try (SkillUpload upload = skills.upload()) {
      SkillForm form = SkillForm.receive(context.req(), upload);
      if (form.displayName().isPresent()) {
        throw new CaissonException.InvalidRequest(
            "display_name: belongs to the skill and not to a version of it");
      }
      SkillVersion made = skills.addVersion(exchange.organization(), id, form.manifest(), upload);
      exchange.reply(200, json(made, beta));
    }
  }

  /** Skills of sources other than our own uploads do not exist here. */
  private void list(Context context) {
    Exchange exchange = new Exchange(context);
    boolean beta = beta(context);
    PageRequest request = exchange.page();
    Page<Skill> page =
        exchange.query("source").orElse("custom").equals("custom")
            ? skills.list(exchange.organization(), request)
            : new Page<>(List.of(), Optional.empty());
    ObjectNode json = PageJson.write(page, skill -> json(skill, beta));
    exchange.reply(200, beta ? json.put("has_more", page.next().isPresent()) : json);
  }

  private void versions(Context context) {
    Exchange exchange = new Exchange(context);
    boolean beta = beta(context);
    Page<SkillVersion> page =
        skills.versions(exchange.organization(), exchange.skillId(), exchange.page());
    ObjectNode json = PageJson.write(page, version -> json(version, beta));
    exchange.reply(200, beta ? json.put("has_more", page.next().isPresent()) : json);
  }

  private void read(Context context) {
    Exchange exchange = new Exchange(context);
    boolean beta = beta(context);
    exchange.reply(200, json(skills.get(exchange.organization(), exchange.skillId()), beta));
  }

  private void readVersion(Context context) {
    boolean beta = beta(context);
    new Exchange(context).reply(200, json(version(context), beta));
  }

  private void download(Context context) {
    SkillArchive.send(context, skills, version(context));
  }

  /** In the beta a skill that still has versions cannot be deleted. */
  private void delete(Context context) {
    Exchange exchange = new Exchange(context);
    OrganizationId organization = exchange.organization();
    boolean beta = beta(context);
    Skill skill = skills.get(organization, exchange.skillId());
    if (beta && skill.latest().isPresent()) {
      throw new CaissonException.InvalidRequest(
          "Skill `" + skill.id() + "` still has versions; delete them first.");
    }
    skills.delete(organization, skill.id());
    exchange.reply(200, SkillJson.writeDeleted(skill));
  }

  /** Outside the beta a skill always has a version. */
  private void deleteVersion(Context context) {
    Exchange exchange = new Exchange(context);
    OrganizationId organization = exchange.organization();
    boolean beta = beta(context);
    SkillVersion version = version(context);
    boolean only =
        skills.versions(organization, version.skillId(), PageRequest.first()).items().size() == 1;
    if (!beta && only) {
      throw new CaissonException.InvalidRequest(
          "Version `"
              + version.id()
              + "` is the only one of its skill; delete skill `"
              + version.skillId()
              + "` instead.");
    }
    skills.deleteVersion(organization, version.skillId(), version.id().value());
    exchange.reply(
        200,
        SkillJson.writeDeletedVersion(beta ? SkillJson.number(version) : version.id().value()));
  }

  private SkillVersion version(Context context) {
    Exchange exchange = new Exchange(context);
    return skills.version(
        exchange.organization(), exchange.skillId(), Clip.word(context.pathParam("version")));
  }

  private static boolean beta(Context context) {
    return BetaHeader.asks(context, BetaHeader.SKILLS);
  }

  private static ObjectNode json(Skill skill, boolean beta) {
    return beta ? SkillJson.writeBeta(skill) : SkillJson.write(skill);
  }

  private static ObjectNode json(SkillVersion version, boolean beta) {
    return beta ? SkillJson.writeBeta(version) : SkillJson.write(version);
  }
}

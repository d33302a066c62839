package dev.caisson.server;

import dev.caisson.engine.Images;
import dev.caisson.wire.ImageJson;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

/** {@code /v1/images/{name}}: what is in an image, and what its content hangs on. */
final class ImageRoutes {
  private final Images images;

  ImageRoutes(Images images) {
    this.images = images;
  }

  void register(RoutesConfig routes) {
    routes.get("/v1/images/{name}", this::read);
  }

  private void read(Context context) {
    Exchange exchange = new Exchange(context);
    Images.Entry image = images.get(context.pathParam("name"));
    exchange.reply(
        200, ImageJson.write(image.name(), image.digest(), image.packages(), image.missing()));
  }
}

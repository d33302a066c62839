package dev.caisson.server;

import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Tells a connection when the head of a request is there, and when the next one may come. Refuses
 * CONNECT, which names no path and after which a connection would stay open as a tunnel.
 */
final class Heads extends Handler.Wrapper {
  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    if (request.getConnectionMetaData().getConnection().getEndPoint()
        instanceof WatchedEndPoint connection) {
      long number = connection.requestBegins();
      Request.addCompletionListener(request, failure -> connection.requestEnds(number));
    }
    if (HttpMethod.CONNECT.is(request.getMethod())) {
      Response.writeError(request, response, callback, HttpStatus.METHOD_NOT_ALLOWED_405);
      return true;
    }
    return super.handle(request, response, callback);
  }
}

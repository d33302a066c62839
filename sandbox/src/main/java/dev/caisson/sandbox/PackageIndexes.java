package dev.caisson.sandbox;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/**
 * Where pip would look for packages, and which of those places answer. pip asks every index for
 * every package and waits for each anew, so one dead index costs a build minutes; here each is
 * asked once, all at the same time.
 *
 * @param answering in the user's order
 * @param silent those that do not
 * @param links whether there are directories or pages of archives beside the indexes
 */
record PackageIndexes(List<String> answering, List<String> silent, boolean links) {
  private static final String PYPI = "https://pypi.org/simple";

  /** An index that takes longer to say anything is of no use for a build. */
  private static final Duration PATIENCE = Duration.ofSeconds(4);

  PackageIndexes {
    answering = List.copyOf(answering);
    silent = List.copyOf(silent);
  }

  /** Whether there is any place to get a package from. */
  boolean usable() {
    return !answering.isEmpty() || links;
  }

  /** What pip must be told so that it asks only those that answer. */
  Map<String, String> environment() {
    if (silent.isEmpty()) {
      return Map.of();
    }
    if (answering.isEmpty()) {
      return Map.of("PIP_NO_INDEX", "1");
    }
    return Map.of(
        "PIP_INDEX_URL", answering.getFirst(),
        "PIP_EXTRA_INDEX_URL", String.join(" ", answering.subList(1, answering.size())));
  }

  /**
   * Asks the indexes of pip's configuration.
   *
   * @param configuration the lines of {@code pip config list}
   * @param environment where proxies are named
   */
  static PackageIndexes probe(List<String> configuration, Map<String, String> environment)
      throws InterruptedException {
    Configuration pip = Configuration.parse(configuration);
    List<String> answering = new ArrayList<>();
    List<String> silent = new ArrayList<>();
    // Not closed but shut down: close() would wait for a name server that does not answer either.
    ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("index-probe-", 0).factory());
    try {
      Map<String, Future<Boolean>> asked = new LinkedHashMap<>();
      for (String index : pip.indexes()) {
        asked.put(index, threads.submit(() -> answers(index, pip, environment)));
      }
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      for (Map.Entry<String, Future<Boolean>> entry : asked.entrySet()) {
        (await(entry.getValue(), deadline) ? answering : silent).add(entry.getKey());
      }
    } finally {
      threads.shutdownNow();
    }
    return new PackageIndexes(answering, silent, pip.links());
  }

  /** The address as it may be shown: without the user's name and password. */
  static String shown(String index) {
    return index.replaceFirst("//[^/@]*@", "//");
  }

  private static boolean await(Future<Boolean> answer, long deadline) throws InterruptedException {
    try {
      return answer.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      // An address of a form that we do not understand is pip's to judge.
      return true;
    }
  }

  private static boolean answers(String index, Configuration pip, Map<String, String> environment)
      throws URISyntaxException, IOException {
    URI uri = new URI(shown(index));
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (scheme.equals("file")) {
      return Files.isDirectory(Path.of(uri));
    }
    if (!scheme.equals("http") && !scheme.equals("https")) {
      return true;
    }
    Proxy proxy = HttpProxies.of(pip.proxy(), environment).proxyFor(uri);
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection(proxy);
    try {
      connection.setConnectTimeout((int) PATIENCE.toMillis());
      connection.setReadTimeout((int) PATIENCE.toMillis());
      connection.setInstanceFollowRedirects(false);
      connection.setRequestMethod("HEAD");
      int status = connection.getResponseCode();
      // A gateway says so when nothing stands behind it; anything else is an answer, even a
      // refusal.
      return status != HttpURLConnection.HTTP_BAD_GATEWAY
          && status != HttpURLConnection.HTTP_UNAVAILABLE
          && status != HttpURLConnection.HTTP_GATEWAY_TIMEOUT;
    } catch (SSLException e) {
      // It is there; whether it is to be trusted is for pip's own certificates to say.
      return true;
    } catch (IOException e) {
      return false;
    } finally {
      connection.disconnect();
    }
  }

  /** What of pip's configuration says where packages come from. */
  private record Configuration(List<String> indexes, boolean links, String proxy) {
    /** In the order in which pip lets one override the other. */
    private static final List<String> SECTIONS = List.of("global.", "install.", ":env:.");

    static Configuration parse(List<String> lines) {
      Map<String, String> values = new LinkedHashMap<>();
      for (String section : SECTIONS) {
        for (String line : lines) {
          int equals = line.indexOf('=');
          if (line.startsWith(section) && equals > 0) {
            values.put(
                line.substring(section.length(), equals), unquote(line.substring(equals + 1)));
          }
        }
      }
      List<String> indexes = new ArrayList<>();
      String noIndex = values.getOrDefault("no-index", "").toLowerCase(Locale.ROOT);
      if (!List.of("1", "true", "yes", "on", "y", "t").contains(noIndex)) {
        indexes.add(values.getOrDefault("index-url", values.getOrDefault("pypi-url", PYPI)));
        indexes.addAll(words(values.getOrDefault("extra-index-url", "")));
      }
      boolean links =
          words(values.getOrDefault("find-links", "")).stream()
              .anyMatch(place -> place.contains("://") || Files.isDirectory(Path.of(place)));
      return new Configuration(indexes, links, values.getOrDefault("proxy", ""));
    }

    private static List<String> words(String text) {
      return List.of(text.split("\\s+")).stream().filter(word -> !word.isEmpty()).toList();
    }

    /** Values are shown as Python writes them. */
    private static String unquote(String value) {
      String text = value.strip();
      if (text.length() >= 2 && (text.startsWith("'") || text.startsWith("\""))) {
        text = text.substring(1, text.length() - 1);
      }
      return text.replace("\\n", "\n").replace("\\\\", "\\").strip();
    }
  }

  /** The proxies that pip would use. */
  private record HttpProxies(String configured, Map<String, String> environment) {
    static HttpProxies of(String configured, Map<String, String> environment) {
      return new HttpProxies(configured, environment);
    }

    Proxy proxyFor(URI uri) {
      String host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
      String address =
          !configured.isEmpty()
              ? configured
              : variable(uri.getScheme() + "_proxy", variable("all_proxy", ""));
      if (address.isEmpty() || excepted(host)) {
        return Proxy.NO_PROXY;
      }
      URI proxy = URI.create(address.contains("://") ? address : "http://" + address);
      String scheme = String.valueOf(proxy.getScheme());
      int port = proxy.getPort() > 0 ? proxy.getPort() : scheme.startsWith("socks") ? 1080 : 80;
      return new Proxy(
          scheme.startsWith("socks") ? Proxy.Type.SOCKS : Proxy.Type.HTTP,
          new InetSocketAddress(proxy.getHost(), port));
    }

    private boolean excepted(String host) {
      for (String pattern : variable("no_proxy", "").split(",", -1)) {
        String suffix = pattern.strip().toLowerCase(Locale.ROOT).replaceFirst("^\\*?\\.", "");
        if (suffix.equals("*")
            || (!suffix.isEmpty() && (host.equals(suffix) || host.endsWith("." + suffix)))) {
          return true;
        }
      }
      return false;
    }

    private String variable(String name, String otherwise) {
      String lower = environment.getOrDefault(name, "");
      String upper = environment.getOrDefault(name.toUpperCase(Locale.ROOT), "");
      return !lower.isEmpty() ? lower : !upper.isEmpty() ? upper : otherwise;
    }
  }
}

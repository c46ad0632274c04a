import java.io.FileInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** CERTIFICATE ADDRESS…: asks each address as HTTP/1.1 and as HTTP/2 where the server speaks it, and prints what came. */
class Ask {
    public static void main(String[] arguments) throws Exception {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (var file = new FileInputStream(arguments[0])) {
            store.setCertificateEntry("test", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        var tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        var failed = 0;
        for (var version : HttpClient.Version.values()) {
            var client = HttpClient.newBuilder().sslContext(tls).version(version).build();
            for (var at = 1; at < arguments.length; at++) {
                try {
                    var answer = client.send(HttpRequest.newBuilder(URI.create(arguments[at])).build(), BodyHandlers.ofString());
                    failed |= answer.statusCode() == 200 ? 0 : 1;
                    System.out.println(version + (answer.statusCode() == 200 ? ": " : " failed: ") + answer.body().strip());
                } catch (Exception error) {
                    failed = 1;
                    System.out.println(version + " failed: " + error);
                }
            }
        }
        System.exit(failed);
    }
}

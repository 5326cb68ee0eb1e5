package enmesh.interop;

import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** A service as Spring Cloud users write it: it registers by itself, and tells whom it has discovered. */
@SpringBootApplication
@RestController
public class SpringClient {
  private final DiscoveryClient discovery;

  SpringClient(DiscoveryClient discovery) {
    this.discovery = discovery;
  }

  public static void main(String[] args) {
    SpringApplication.run(SpringClient.class, args);
  }

  @GetMapping("/services")
  List<String> services() {
    return discovery.getServices();
  }

  @GetMapping("/services/{name}")
  List<Found> instances(@PathVariable String name) {
    return discovery.getInstances(name).stream().map(Found::of).toList();
  }

  record Found(String id, String uri, boolean secure, java.util.Map<String, String> metadata) {
    static Found of(ServiceInstance instance) {
      return new Found(
          instance.getInstanceId(), instance.getUri().toString(), instance.isSecure(), instance.getMetadata());
    }
  }
}

import { describe, expect, test } from "vitest";
import { serviceNameOf, wantsTelemetry } from "./telemetry-env.ts";

describe("telemetry starts", () => {
  test.each([
    ["an OTLP endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" }],
    ["an OTLP endpoint for traces", { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://collector:4318/v1/traces" }],
    ["an exporter", { OTEL_TRACES_EXPORTER: "console" }],
    [
      "an endpoint, and is not disabled",
      { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318", OTEL_SDK_DISABLED: "false" },
    ],
  ])("when the environment names %s", (_, env) => {
    expect(wantsTelemetry(env)).toBe(true);
  });

  test.each([
    ["nothing", {}],
    ["an empty endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: " " }],
    ["the exporter none", { OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" }],
    ["a disabled SDK", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318", OTEL_SDK_DISABLED: "TRUE" }],
  ])("not when it names %s", (_, env) => {
    expect(wantsTelemetry(env)).toBe(false);
  });
});

test("the service is named by OpenTelemetry's variables, else by Enmesh's", () => {
  expect(serviceNameOf({ ENMESH_SERVICE: "orders" })).toBe("orders");
  expect(serviceNameOf({ ENMESH_SERVICE: "orders", OTEL_SERVICE_NAME: "shop-orders" })).toBeUndefined();
  expect(serviceNameOf({ ENMESH_SERVICE: "orders", OTEL_RESOURCE_ATTRIBUTES: "service.name=x" })).toBeUndefined();
});

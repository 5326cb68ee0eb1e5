import fc from "fast-check";
import { expect, test } from "vitest";

import { eurekaLinks, type EurekaRecord, type EurekaStatus } from "../model/eureka.ts";
import { readInstance } from "./read-instance.ts";
import { readXml } from "./read-xml.ts";
import { instanceJson } from "./write-json.ts";
import { instanceXml } from "./write-xml.ts";
import { xmlValue } from "./xml-value.ts";

const now = 1_800_000_000_000;

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((each) => each.trim() !== "");
const status = fc.constantFrom<EurekaStatus>("UP", "DOWN", "STARTING", "OUT_OF_SERVICE", "UNKNOWN");
const host = fc.constantFrom("host-1", "10.0.0.7", "a.b.example", "fd00::1", "localhost");
const port = fc.record({ number: fc.integer({ min: 0, max: 65_535 }), isEnabled: fc.boolean() });
const map = fc.dictionary(
  text.filter((key) => key !== "@class"),
  fc.string({ unit: "grapheme" }),
  { maxKeys: 5 },
);
const seconds = fc.integer({ min: 1, max: 604_800 });

const record: fc.Arbitrary<EurekaRecord> = fc.record({
  instanceId: text,
  app: text.map((each) => each.toUpperCase()).filter((each) => each.toUpperCase() === each),
  hostName: host,
  ipAddr: host,
  status,
  overriddenStatus: status,
  port,
  securePort: port,
  countryId: fc.nat(),
  dataCenter: fc.oneof(
    fc.record({ name: fc.constantFrom("MyOwn" as const, "Netflix" as const), metadata: fc.constant({}) }),
    fc.record({ name: fc.constant("Amazon" as const), metadata: map }),
  ),
  renewalIntervalInSecs: seconds,
  durationInSecs: seconds,
  metadata: map,
  links: fc.record(Object.fromEntries(eurekaLinks.map((name) => [name, text])), { requiredKeys: [] }),
  isCoordinatingDiscoveryServer: fc.boolean(),
  registrationTimestamp: fc.constant(now),
  serviceUpTimestamp: fc.constant(0),
  lastUpdatedTimestamp: fc.constant(now),
  lastDirtyTimestamp: fc.maxSafeNat(),
});

test("an instance that is written as JSON reads as the same", () => {
  fc.assert(
    fc.property(record, (given) => {
      const written = instanceJson({ record: given, action: "ADDED", lastRenewalTimestamp: now });

      const { instance } = JSON.parse(written) as { instance: unknown };
      expect(plain(readInstance(instance, given.app, now))).toEqual(plain(given));
    }),
    { numRuns: 1_000 },
  );
});

test("an instance that is written as XML reads as the same", () => {
  fc.assert(
    fc.property(record, (given) => {
      const written = instanceXml({ record: given, action: "ADDED", lastRenewalTimestamp: now });

      expect(plain(readInstance(xmlValue(readXml(written)), given.app, now))).toEqual(plain(given));
    }),
    { numRuns: 1_000 },
  );
});

/** Maps differ in their prototypes only. */
function plain(given: EurekaRecord): unknown {
  return JSON.parse(JSON.stringify(given));
}

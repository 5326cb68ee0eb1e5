import { whyNotClaimable } from "../access/claimable-address.ts";
import { Rejection } from "../http/exchange.ts";
import { eurekaLinks, type EurekaLinks, type EurekaPort, type EurekaRecord } from "../model/eureka.ts";
import { readStatus } from "./status.ts";
import { fieldOf, fieldsOf, readFlag, readNumber, readText } from "./values.ts";

const mostMetadata = 256;
const longestDurationInSecs = 604_800;

/**
 * Reads an instance as clients send it, each in its own way, and gives it the one form in which all is kept and told.
 *
 * @throws Rejection 400 in Eureka's words.
 */
export function readInstance(value: unknown, app: string, now: number): EurekaRecord {
  const metadata = readMetadata(fieldOf(value, "metadata"));
  const hostName = readText(fieldOf(value, "hostName"));
  const instanceId = instanceIdOf(value);
  const ipAddr = readText(fieldOf(value, "ipAddr"));
  const appName = readText(fieldOf(value, "app")).toUpperCase();
  const dataCenterInfo = fieldOf(value, "dataCenterInfo");
  const lease = fieldOf(value, "leaseInfo");

  if (instanceId.trim() === "") throw missing("instanceId");
  if (hostName.trim() === "") throw missing("hostname");
  if (ipAddr.trim() === "") throw missing("ip address");
  if (appName.trim() === "") throw missing("appName");
  if (appName !== app) throw new Rejection(400, `Mismatched appName, expecting ${app} but was ${appName}`);
  if (dataCenterInfo === undefined || dataCenterInfo === null) throw missing("dataCenterInfo");
  if (readText(fieldOf(dataCenterInfo, "name")) === "") throw missing("dataCenterInfo Name");
  refuseControls("instanceId", instanceId);
  refuseControls("appName", appName);
  refuseAddress("hostName", hostName);
  refuseAddress("ipAddr", ipAddr);

  return {
    instanceId,
    app,
    hostName,
    ipAddr,
    status: fieldOf(value, "status") === undefined ? "UP" : readStatus(fieldOf(value, "status")),
    overriddenStatus: readStatus(fieldOf(value, "overriddenStatus") ?? fieldOf(value, "overriddenstatus")),
    port: readPort("port", fieldOf(value, "port"), { number: 7001, isEnabled: true }),
    securePort: readPort("securePort", fieldOf(value, "securePort"), { number: 7002, isEnabled: false }),
    countryId: readNumber(fieldOf(value, "countryId"), 1, 0, 0x7fff_ffff),
    dataCenter: readDataCenter(dataCenterInfo),
    renewalIntervalInSecs: readNumber(fieldOf(lease, "renewalIntervalInSecs"), 30, 1, longestDurationInSecs),
    durationInSecs: readNumber(fieldOf(lease, "durationInSecs"), 90, 1, longestDurationInSecs),
    metadata,
    links: readLinks(value),
    isCoordinatingDiscoveryServer: readFlag(fieldOf(value, "isCoordinatingDiscoveryServer"), false),
    registrationTimestamp: now,
    serviceUpTimestamp: 0,
    lastUpdatedTimestamp: now,
    lastDirtyTimestamp: readNumber(fieldOf(value, "lastDirtyTimestamp"), now, 0, Number.MAX_SAFE_INTEGER),
  };
}

/** The id of an instance. A client that sends none goes by its host name afterwards. */
export function instanceIdOf(value: unknown): string {
  const inMetadata = readText(fieldOf(fieldOf(value, "metadata"), "instanceId"));
  return readText(fieldOf(value, "instanceId")) || inMetadata || readText(fieldOf(value, "hostName"));
}

/** Maps of texts, bounded: what a client says is kept, and told to everybody. */
export function readMetadata(value: unknown): Record<string, string> {
  const pairs = fieldsOf(value)
    // The Java class of a map is no part of it; a blank key has no name in XML.
    .filter(([key, each]) => key !== "@class" && key !== "" && each !== null)
    .map(([key, each]): [string, string] => [readText(key), readText(each)]);
  if (pairs.length > mostMetadata) throw new Rejection(400, `Invalid metadata: more than ${mostMetadata} pairs`);
  return Object.fromEntries(pairs);
}

/** A number, a numeric text, or an object with `$` and `@enabled`. */
function readPort(name: string, value: unknown, otherwise: EurekaPort): EurekaPort {
  const given = fieldOf(value, "$") ?? value;
  if (given === undefined || given === null || given === "") return otherwise;
  const number = typeof given === "string" ? Number(given.trim() || Number.NaN) : given;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0 || number > 65_535)
    throw new Rejection(400, `Invalid ${name}`);
  return { number, isEnabled: readFlag(fieldOf(value, "@enabled"), otherwise.isEnabled) };
}

function readDataCenter(value: unknown): EurekaRecord["dataCenter"] {
  const name = readText(fieldOf(value, "name"));
  const known = name === "Netflix" || name === "Amazon" ? name : "MyOwn";
  return { name: known, metadata: known === "Amazon" ? readMetadata(fieldOf(value, "metadata")) : {} };
}

function readLinks(value: unknown): EurekaLinks {
  const given = eurekaLinks.map((name): [string, string] => [name, readText(fieldOf(value, name))]);
  return Object.fromEntries(given.filter(([, text]) => text !== ""));
}

function refuseControls(name: string, text: string): void {
  if (/[\u0000-\u001f\u007f]/.test(text) || text.length > 255) throw new Rejection(400, `Invalid ${name}`);
}

function refuseAddress(name: string, address: string): void {
  const reason = whyNotClaimable(address);
  if (reason !== undefined) throw new Rejection(400, `Invalid ${name}: ${reason}`);
}

function missing(what: string): Rejection {
  return new Rejection(400, `Missing ${what}`);
}

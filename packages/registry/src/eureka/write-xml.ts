import { eurekaLinks, type EurekaPort, type EurekaRecord } from "../model/eureka.ts";
import type { Application, Applications, Listed } from "./listed.ts";
import { dataCenterClass, leaseInfo } from "./write-json.ts";
import { encodeName } from "./xml-names.ts";
import { encodeText } from "./xml-text.ts";

const emptyMap = ' class="java.util.Collections$EmptyMap"';

/** `<applications>…` */
export function applicationsXml({ version, hash, applications }: Applications): string {
  const head = `<versions__delta>${version}</versions__delta>${element("apps__hashcode", hash)}`;
  return `<applications>${head}${applications.map(applicationXml).join("")}</applications>`;
}

/** `<application>…` */
export function applicationXml({ name, instances }: Application): string {
  return `<application>${element("name", name)}${instances.map(instanceXml).join("")}</application>`;
}

/** `<instance>…` */
export function instanceXml({ record, action, lastRenewalTimestamp }: Listed): string {
  const parts = [
    element("instanceId", record.instanceId),
    element("hostName", record.hostName),
    element("app", record.app),
    element("ipAddr", record.ipAddr),
    element("status", record.status),
    // In lower case here, unlike in JSON.
    element("overriddenstatus", record.overriddenStatus),
    port("port", record.port),
    port("securePort", record.securePort),
    element("countryId", record.countryId),
    dataCenterInfo(record.dataCenter),
    `<leaseInfo>${children(leaseInfo(record, lastRenewalTimestamp))}</leaseInfo>`,
    metadataXml(record.metadata),
    ...eurekaLinks.map((name) => (record.links[name] === undefined ? "" : element(name, record.links[name]))),
    element("isCoordinatingDiscoveryServer", String(record.isCoordinatingDiscoveryServer)),
    element("lastUpdatedTimestamp", record.lastUpdatedTimestamp),
    element("lastDirtyTimestamp", record.lastDirtyTimestamp),
    element("actionType", action),
  ];
  return `<instance>${parts.join("")}</instance>`;
}

function metadataXml(metadata: Readonly<Record<string, string>>): string {
  return Object.keys(metadata).length === 0
    ? `<metadata${emptyMap}/>`
    : `<metadata>${children(metadata, encodeName)}</metadata>`;
}

function dataCenterInfo(dataCenter: EurekaRecord["dataCenter"]): string {
  const { name, metadata } = dataCenter;
  const inner = element("name", name) + (Object.keys(metadata).length === 0 ? "" : metadataXml(metadata));
  return `<dataCenterInfo class="${dataCenterClass(dataCenter)}">${inner}</dataCenterInfo>`;
}

function port(name: string, { number, isEnabled }: EurekaPort): string {
  return `<${name} enabled="${isEnabled}">${number}</${name}>`;
}

function children(
  fields: Readonly<Record<string, string | number>>,
  nameOf: (key: string) => string = (key) => key,
): string {
  return Object.entries(fields)
    .map(([key, value]) => element(nameOf(key), value))
    .join("");
}

function element(name: string, value: string | number): string {
  return `<${name}>${encodeText(String(value))}</${name}>`;
}

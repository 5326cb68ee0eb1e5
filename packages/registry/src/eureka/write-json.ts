import { eurekaLinks, type EurekaPort, type EurekaRecord } from "../model/eureka.ts";
import type { Application, Applications, Listed } from "./listed.ts";

const emptyMap = Object.freeze({ "@class": "java.util.Collections$EmptyMap" });

/** `{"applications":…}` */
export function applicationsJson({ version, hash, applications }: Applications): string {
  const list = applications.map(application).join(",");
  return `{"applications":{"versions__delta":"${version}","apps__hashcode":${JSON.stringify(hash)},"application":[${list}]}}`;
}

/** `{"application":…}` */
export function applicationJson(each: Application): string {
  return `{"application":${application(each)}}`;
}

/** `{"instance":…}` */
export function instanceJson(listed: Listed): string {
  return JSON.stringify({ instance: instanceValue(listed) });
}

/** An instance in the form that Eureka's clients exchange. All are lists, even of one. */
export function instanceValue({ record, action, lastRenewalTimestamp }: Listed): object {
  return {
    instanceId: record.instanceId,
    hostName: record.hostName,
    app: record.app,
    ipAddr: record.ipAddr,
    status: record.status,
    overriddenStatus: record.overriddenStatus,
    port: port(record.port),
    securePort: port(record.securePort),
    countryId: record.countryId,
    dataCenterInfo: dataCenterInfo(record.dataCenter),
    leaseInfo: leaseInfo(record, lastRenewalTimestamp),
    metadata: Object.keys(record.metadata).length === 0 ? emptyMap : record.metadata,
    ...Object.fromEntries(
      eurekaLinks.flatMap((name) => (record.links[name] === undefined ? [] : [[name, record.links[name]]])),
    ),
    isCoordinatingDiscoveryServer: String(record.isCoordinatingDiscoveryServer),
    lastUpdatedTimestamp: String(record.lastUpdatedTimestamp),
    lastDirtyTimestamp: String(record.lastDirtyTimestamp),
    actionType: action,
  };
}

/** What a lease is about, in the order of both formats. */
export function leaseInfo(record: EurekaRecord, lastRenewalTimestamp: number): Readonly<Record<string, number>> {
  return {
    renewalIntervalInSecs: record.renewalIntervalInSecs,
    durationInSecs: record.durationInSecs,
    registrationTimestamp: record.registrationTimestamp,
    lastRenewalTimestamp,
    evictionTimestamp: 0,
    serviceUpTimestamp: record.serviceUpTimestamp,
  };
}

/** The Java class of a data center: only the two that every client knows are ever told. */
export function dataCenterClass({ name }: EurekaRecord["dataCenter"]): string {
  return name === "Amazon"
    ? "com.netflix.appinfo.AmazonInfo"
    : "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo";
}

function application({ name, instances }: Application): string {
  return JSON.stringify({ name, instance: instances.map(instanceValue) });
}

function port({ number, isEnabled }: EurekaPort): object {
  return { $: number, "@enabled": String(isEnabled) };
}

function dataCenterInfo(dataCenter: EurekaRecord["dataCenter"]): object {
  const { name, metadata } = dataCenter;
  return { "@class": dataCenterClass(dataCenter), name, ...(Object.keys(metadata).length === 0 ? {} : { metadata }) };
}

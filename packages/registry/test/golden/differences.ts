const in121 = "As Consul 1.21 does, which checks the id.";
const words = "The words of Consul 1.21, which has more kinds of checks.";

/** What we answer otherwise than Consul 1.8.7, and why. Keyed by the request; all else must be the same to the letter. */
export const differences: Readonly<Record<string, { readonly ours: string; readonly why: string }>> = {
  "GET /v1/nope": {
    ours: "404 Invalid URL path: not a recognized HTTP API endpoint",
    why: "As Consul 1.21 does.",
  },
  'PUT /v1/agent/service/register {"Name":"x","Check":{"HTTP":"http://a"}}': {
    ours: "400 Invalid check: Interval must be > 0 for Script, HTTP, H2PING, TCP, UDP or OSService checks",
    why: words,
  },
  'PUT /v1/agent/service/register {"Name":"x","Check":{"TCP":"a:1","Interval":"1s","FailuresBeforeWarning":3,"FailuresBeforeCritical":2}}':
    {
      ours: "400 Invalid check: FailuresBeforeWarning can't be higher than FailuresBeforeCritical",
      why: "Consul knows the field since 1.11.",
    },
  "PUT /v1/agent/check/pass/none": {
    ours: '404 Unknown check ID "none". Ensure that the check ID is passed, not the check name.',
    why: in121,
  },
  "PUT /v1/agent/check/deregister/none": {
    ours: '404 Unknown check ID "none". Ensure that the check ID is passed, not the check name.',
    why: in121,
  },
  'PUT /v1/agent/check/register {"Name":"c","ServiceID":"none","TTL":"15s"}': {
    ours: '404 ServiceID "none" does not exist',
    why: "As Consul 1.21 does.",
  },
  "PUT /v1/agent/service/deregister/none": {
    ours: '404 Unknown service ID "none". Ensure that the service ID is passed, not the service name.',
    why: in121,
  },
};

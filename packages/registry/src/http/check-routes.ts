import { struct, text } from "../go/decode.ts";
import { isCheckStatus, type CheckStatus } from "../model/check.ts";
import { done } from "./answers.ts";
import { decodeBody } from "./body.ts";
import { checkSpec, refuseScripts, toDefinition, validateCheck } from "./check-spec.ts";
import type { Context } from "./context.ts";
import { durably } from "./durable.ts";
import { Rejection, type Answer, type Handler, type Route } from "./exchange.ts";

const update = struct<{ readonly Status: string; readonly Output: string }>({ Status: text, Output: text });

/** Checks, and the beats that keep them passing. */
export function checkRoutes(context: Context): Route[] {
  const { agent } = context;

  return [
    { path: "/v1/agent/check/pass/*", handlers: { PUT: beatAs("passing") } },
    { path: "/v1/agent/check/warn/*", handlers: { PUT: beatAs("warning") } },
    { path: "/v1/agent/check/fail/*", handlers: { PUT: beatAs("critical") } },
    {
      path: "/v1/agent/check/update/*",
      handlers: {
        PUT: ({ rest: id, body }) => {
          const { Status, Output } = decodeBody(body, update);
          if (!isCheckStatus(Status)) throw new Rejection(400, `Invalid check status: '${Status}'`);
          return beat(id, Status, Output);
        },
      },
    },
    {
      path: "/v1/agent/check/register",
      handlers: {
        PUT: ({ body }) => {
          const spec = decodeBody(body, checkSpec);
          if (spec.Name === "") throw new Rejection(400, "Missing check name");
          if (spec.Status !== "" && !isCheckStatus(spec.Status)) throw new Rejection(400, "Bad check status");
          validateCheck(spec);
          if (!context.runsScripts) refuseScripts(spec);
          const ownId = spec.CheckID === "" ? spec.ID : spec.CheckID;
          return durably(context, () => {
            if (agent.registerCheck(toDefinition(spec, ownId === "" ? spec.Name : ownId, spec.Name), spec.ServiceID))
              return done;
            throw new Rejection(404, `ServiceID ${JSON.stringify(spec.ServiceID)} does not exist`);
          });
        },
      },
    },
    {
      path: "/v1/agent/check/deregister/*",
      handlers: {
        PUT: ({ rest: id }) =>
          durably(context, () => {
            if (agent.deregisterCheck(id)) return done;
            throw unknownCheck(id);
          }),
      },
    },
  ];

  function beatAs(status: CheckStatus): Handler {
    return ({ rest: id, query }) => beat(id, status, query.size === 0 ? "" : (query.get("note") ?? ""));
  }

  /** Waits for no disk: the next beat says it again, and a full disk of ours must not make others look dead. */
  function beat(id: string, status: CheckStatus, output: string): Answer {
    const result = agent.beat(id, status, output);
    if (result === "taken") return done;
    if (result === "unknown") throw unknownCheck(id);
    throw new Rejection(500, `CheckID ${JSON.stringify(id)} does not have associated TTL`);
  }
}

function unknownCheck(id: string): Rejection {
  return new Rejection(
    404,
    `Unknown check ID ${JSON.stringify(id)}. Ensure that the check ID is passed, not the check name.`,
  );
}

import { json, plainText } from "../http/answers.ts";
import type { Route } from "../http/exchange.ts";
import { metricsOf, type MetricSources } from "./registry-metrics.ts";
import { renderConsul } from "./render-consul.ts";
import { renderPrometheus } from "./render-prometheus.ts";

/** What the registry measures of itself, in Consul's shape or in Prometheus'. */
export function metricsRoutes(sources: MetricSources): Route[] {
  const { clock } = sources.runtime;
  const metrics = metricsOf(sources);
  const startedAt = clock.now();

  return [
    {
      path: "/v1/agent/metrics",
      handlers: {
        GET: ({ query }) => {
          if (query.get("format") !== "prometheus")
            return json(JSON.stringify(renderConsul(metrics, clock.wall(), clock.now() - startedAt)));
          const answer = plainText(200, renderPrometheus(metrics));
          return { ...answer, headers: { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" } };
        },
      },
    },
  ];
}

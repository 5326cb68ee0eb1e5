import type { Attributes } from "@opentelemetry/api";

const knownMethods: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "QUERY",
]);

/** The first word of a span's name: the method, or `HTTP` for one that nobody knows. */
export function spanVerb(method: string): string {
  return knownMethods.has(method) ? method : "HTTP";
}

/** `http.request.method` as the semantic conventions want it. */
export function methodAttributes(method: string): Attributes {
  if (knownMethods.has(method)) return { "http.request.method": method };
  return { "http.request.method": "_OTHER", "http.request.method_original": method.slice(0, 32) };
}

/** A path without its query: queries carry tokens, spans are kept for weeks. */
export function withoutQuery(path: string): string {
  const query = path.indexOf("?");
  return query === -1 ? path : path.slice(0, query);
}

import type { MeshEvent } from "@enmesh/core";

const colours: Readonly<Record<string, number>> = Object.freeze({ passing: 32, warning: 33, critical: 31 });

/** Says an event in one line for people; undefined for events that only programs care about. */
export function eventLine(event: MeshEvent, isColoured: boolean): string | undefined {
  const subject = `${show(event["service"])} (${show(event["id"])})`;
  switch (event.type) {
    case "registry.started":
      return startLine(event);
    case "service.registered":
      return `registered   ${subject}`;
    case "service.deregistered":
      return `deregistered ${subject}`;
    case "service.reaped":
      return `removed      ${subject}: it was critical for too long`;
    case "check.changed":
      return statusLine(event, isColoured);
    case "store.cut":
      return `The log ended in a torn line: ${show(event["tornBytes"])} bytes cut, and kept in ${show(event["keptIn"])}`;
    case "store.mended":
      return "The log can be written again: writes are taken";
    case "preservation.began":
      return `self-preservation: ${show(event["reason"])}; nobody there is evicted until the beats return`;
    case "preservation.ended":
      return `self-preservation of ${show(event["service"])} is over: ${show(event["reason"])}`;
    case "store.failed":
      return show(event["message"]);
    case "request.failed":
      return `failed to answer ${show(event["path"])}: ${show(event["message"])}`;
    default:
      return undefined;
  }
}

function startLine(event: MeshEvent): string {
  const recovered = Number(event["recovered"]);
  const directory = event["dataDirectory"];
  const store =
    directory === undefined
      ? "in memory only (--data-dir keeps it)"
      : `data in ${show(directory)}, ${recovered} ${recovered === 1 ? "service" : "services"} recovered`;
  return `Enmesh registry on ${show(event["url"])}, ${store}`;
}

function statusLine(event: MeshEvent, isColoured: boolean): string {
  const status = show(event["to"]);
  const shown = isColoured ? `\u001B[${colours[status] ?? 0}m${status}\u001B[0m` : status;
  const subject = event["service"] === "" ? show(event["check"]) : `${show(event["service"])} (${show(event["id"])})`;
  const output = show(event["output"]);
  return `${shown}${" ".repeat(13 - status.length)}${subject}, was ${show(event["from"])}${output === "" ? "" : `: ${output}`}`;
}

/** Whatever comes from clients must not write to the terminal but letters. */
function show(value: unknown): string {
  return String(value)
    .replaceAll(/[\u0000-\u001F\u007F-\u009F]+/g, " ")
    .slice(0, 300);
}

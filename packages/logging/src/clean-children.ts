import type { Bindings, ChildLoggerOptions, Logger } from "pino";
import type { IsSecret } from "./deny-list.ts";
import { type Clean, redactor } from "./redact.ts";
import { isWideLine } from "./wide-line.ts";

type Serializers = NonNullable<ChildLoggerOptions["serializers"]>;

const none: ReadonlySet<string> = new Set();

/** The formatter of a line's fields. */
export function cleanLine(clean: Clean): Clean {
  return (fields) => (isWideLine(fields) ? (fields as Record<string, unknown>) : clean(fields));
}

/**
 * pino does not format the bindings of child loggers: they are cleaned before it sees them. A child with serializers of its own (frameworks
 * make one for requests) has them read the original, and what they answer is cleaned. Children inherit this.
 */
export function cleanChildren(logger: Logger, isSecret: IsSecret): Logger {
  // pino's types tie each child to its own custom levels; here any will do.
  return cleaned(logger, isSecret, none, logger.child);
}

type MakeChild = (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) => Logger;

function cleaned(logger: Logger, isSecret: IsSecret, serialized: ReadonlySet<string>, makeChild: MakeChild): Logger {
  const clean = redactor(isSecret, serialized);

  function cleanChild(this: Logger, bindings: Bindings, options?: ChildLoggerOptions): Logger {
    if (options?.serializers === undefined) return makeChild.call(this, clean(bindings), options);
    const names = new Set([...serialized, ...Object.keys(options.serializers)]);
    const cleanRest = redactor(isSecret, names);
    const formatters = { ...options.formatters, log: cleanLine(cleanRest) };
    const serializers = cleanAfter(options.serializers, redactor(isSecret));
    const child = makeChild.call(this, cleanRest(bindings), { ...options, formatters, serializers });
    return cleaned(child, isSecret, names, makeChild);
  }

  const setBindings = Object.getPrototypeOf(logger).setBindings as Logger["setBindings"];
  logger.child = cleanChild as unknown as Logger["child"];
  logger.setBindings = function cleanBindings(this: Logger, bindings: Bindings): void {
    setBindings.call(this, clean(bindings));
  };
  return logger;
}

function cleanAfter(serializers: Serializers, clean: Clean): Serializers {
  return Object.fromEntries(
    Object.entries(serializers).map(([name, serialize]) => [
      name,
      (value: unknown) => (clean({ value: serialize(value) }) as { value: unknown }).value,
    ]),
  );
}

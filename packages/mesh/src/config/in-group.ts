import type { Problem } from "@enmesh/core";

/** What a part found wrong in its options, told as problems of the configuration: with the whole path, and where the value came from. */
export function inGroup(group: string, problems: readonly Problem[], sourceOf: (path: string) => string): Problem[] {
  return problems.map((problem) => {
    const path = problem.path === "" ? group : `${group}.${problem.path}`;
    return { ...problem, path, source: problem.source ?? sourceOf(path) };
  });
}

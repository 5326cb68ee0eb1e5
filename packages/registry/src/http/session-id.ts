/** Why this cannot be the id of any session, in Consul's words; undefined when it can. */
export function idProblem(id: string): string | undefined {
  if (id.length !== 36) return "failed session lookup: index error: UUID must be 36 characters";
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id))
    return "failed session lookup: index error: UUID should have 4 '-'";
  return undefined;
}

/** When the registry stops believing in silence. */
export interface PreservationRules {
  /** More than this part of a domain's expected beats must be missing … */
  readonly share: number;
  /** … from at least so many leases: two instances of three may well die together. */
  readonly leastSilent: number;
  /** However long the silence, it is believed in the end. */
  readonly longestMs: number;
}

export const preservationRules: PreservationRules = Object.freeze({
  share: 0.15,
  leastSilent: 3,
  longestMs: 600_000,
});

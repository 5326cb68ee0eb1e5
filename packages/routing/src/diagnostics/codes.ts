/** The stable codes of everything the loader has to say. Match on them, never on the message. */
export const codes = {
  yamlInvalid: "ENMESH_R001",
  duplicateKey: "ENMESH_R002",
  tooLarge: "ENMESH_R003",
  unreadable: "ENMESH_R004",

  notAResource: "ENMESH_R010",
  unknownKind: "ENMESH_R011",
  foreignKind: "ENMESH_R012",
  oldVersion: "ENMESH_R013",
  wrongGroup: "ENMESH_R014",
  laterKind: "ENMESH_R015",
  sameName: "ENMESH_R016",

  unknownField: "ENMESH_R020",
  wrongValue: "ENMESH_R021",
  missingField: "ENMESH_R022",
  exclusiveFields: "ENMESH_R023",
  oldSpelling: "ENMESH_R024",
  regexRefused: "ENMESH_R025",

  notCarriedOut: "ENMESH_R030",
  legacyField: "ENMESH_R031",
  legacyValue: "ENMESH_R032",

  hostTaken: "ENMESH_R040",
  subsetMissing: "ENMESH_R041",
  noDefaultRoute: "ENMESH_R042",
  neverReached: "ENMESH_R043",
  timeoutNotRetried: "ENMESH_R044",
  otherGateway: "ENMESH_R045",
  noEffect: "ENMESH_R046",
  namespaceIgnored: "ENMESH_R047",
  smallPercent: "ENMESH_R048",
} as const;

export type DiagnosticCode = (typeof codes)[keyof typeof codes];

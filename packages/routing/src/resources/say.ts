import type { DiagnosticCode } from "../diagnostics/codes.ts";
import type { Severity } from "../diagnostics/diagnostic.ts";
import type { Source } from "../schema/cursor.ts";

/** Says something about a place that was read before. */
export type Say = (severity: Severity, code: DiagnosticCode, message: string, at: Source, resource: string) => void;

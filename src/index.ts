export type { Config } from './config/config.ts';
export { ConfigError } from './config/error.ts';
export { loadConfig } from './config/load.ts';
export { DbmError } from './dbm/error.ts';
export type { DbmFile, Format, FormatName, Limits, Statistics } from './dbm/format.ts';
export { formats, openTable } from './dbm/index.ts';
export type { Pairs } from './dbm/pairs.ts';
export { DirectoryError } from './ldap/error.ts';
export { LockedError, StateError } from './state/error.ts';
export { History } from './state/history.ts';
export type { Override } from './state/overrides.ts';
export type { Pin } from './state/pins.ts';
export { type BuildOptions, build } from './tables/build.ts';
export {
  ApprovalError,
  type ApprovalReport,
  type ApproveOptions,
  approve,
} from './tables/decisions/approve.ts';
export {
  addOverride,
  type NewOverride,
  type OverrideReport,
  removeOverride,
} from './tables/decisions/override.ts';
export { OverrideError } from './tables/decisions/override-error.ts';
export { type PinReport, pinTables, unpinTables } from './tables/decisions/pin.ts';
export { type RejectionReport, type RejectOptions, reject } from './tables/decisions/reject.ts';
export {
  RollbackError,
  type RollbackOptions,
  type RollbackReport,
  rollback,
} from './tables/decisions/rollback.ts';
export { PublishError, SourceError } from './tables/error.ts';
export { EximError } from './tables/publish/exim.ts';
export { type Explanation, explainAddress } from './tables/questions/explain.ts';
export { type Hit, PublishedTables } from './tables/questions/lookup.ts';
export { type Review, type ReviewEntry, type ReviewReport, review } from './tables/questions/review.ts';
export { type StatusReport, status } from './tables/questions/status.ts';
export type { BuildReport, TableReport } from './tables/report.ts';
export { UnknownTableError } from './tables/select.ts';

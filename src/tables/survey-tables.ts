import type { Config } from '../config/config.ts';
import type { State } from '../state/state.ts';
import type { TableAtHand } from './guard/plan.ts';
import { type TableFiles, tableFiles } from './publish/files.ts';
import type { ChosenFormats } from './publish/formats.ts';
import { type Survey, survey } from './publish/survey.ts';

/** Whole files are compared at least this often, in milliseconds. */
const VERIFY_EVERY = 24 * 60 * 60 * 1000;

/** A table, with what was found of its files. */
export interface Surveyed extends Omit<TableAtHand, 'survey'> {
  /** Or the error that kept them from being read: it concerns this table only. */
  readonly survey: Survey | Error;
}

/** Looks at the files of every table. @param selected the names of the tables that the run is to publish */
export function surveyTables(
  { tables, tablesDir }: Config,
  formats: ChosenFormats,
  selected: ReadonlySet<string>,
  state: State | undefined,
): Surveyed[] {
  return tables.map((config) => {
    const files = tableFiles(tablesDir, config.name, formats.of(config));
    const survey = surveyOf(files, config.name, state);
    return { config, files, survey, selected: selected.has(config.name) };
  });
}

function surveyOf(files: TableFiles, name: string, state: State | undefined): Survey | Error {
  try {
    const record = state?.published(name);
    const verify = record !== undefined && Date.now() - record.verifiedAt >= VERIFY_EVERY;
    return survey(files, { record, intended: state?.intended(name), verify });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

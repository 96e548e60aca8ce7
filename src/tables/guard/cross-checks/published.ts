import type { Config } from '../../../config/config.ts';
import type { Pairs } from '../../../dbm/pairs.ts';
import { valueIn } from '../../columns/entry-of.ts';
import { NO_ENTRIES } from '../../columns/no-entries.ts';
import type { TableFiles } from '../../publish/files.ts';
import type { Survey } from '../../publish/survey.ts';
import { type CrossFinding, crossCheck, type TableView } from './cross-checks.ts';
import { roleOf } from './plans.ts';

/** Everything that is not right between the published tables, apart from what the configuration does not ask for. */
export function crossCheckPublished(
  config: Config,
  surveys: ReadonlyMap<string, { readonly files: TableFiles; readonly survey: Survey }>,
): CrossFinding[] {
  const views = config.tables.flatMap((table): TableView[] => {
    const found = surveys.get(table.name);
    if (found === undefined) return [];
    let loaded: Pairs | undefined;
    const columns = (): Pairs => {
      loaded ??= found.survey.shown() ?? NO_ENTRIES;
      return loaded;
    };
    const get: TableView['get'] = (bytes, start, end) => valueIn(columns(), bytes.subarray(start, end));
    return [{ name: table.name, ...roleOf(table, config.crossChecks), columns, get }];
  });
  return crossCheck(views).filter(({ check }) => config.crossChecks.modes[check] !== 'off');
}

import { loadConfig } from '../config/load.ts';
import { check, type Observation } from '../tables/questions/check.ts';
import type { CheckFlags } from './flags.ts';
import { jsonDocument } from './json.ts';
import { Status } from './status.ts';

const STATUS_OF_CAUSE = {
  configuration: Status.configuration,
  machine: Status.error,
  source: Status.sourceFailed,
} as const;

/** `mailhub-tables check`. @returns the exit status */
export async function checkCommand(flags: CheckFlags): Promise<number> {
  const config = await loadConfig(flags.config);
  const observations: Observation[] = [];
  const observe = (observation: Observation): void => {
    observations.push(observation);
    if (flags.json) return;
    const { subject, verdict, message } = observation;
    const stream = verdict === 'ok' ? process.stdout : process.stderr;
    stream.write(`${verdict}: ${subject}: ${message}\n`);
  };

  observe({
    subject: 'configuration',
    verdict: 'ok',
    message: `${config.file} has ${config.tables.length} tables`,
  });
  for await (const observation of check(config)) observe(observation);

  const status = statusOf(observations);
  if (flags.json)
    process.stdout.write(
      jsonDocument({ status, observations: observations.map((each) => ({ cause: undefined, ...each })) }),
    );
  return status;
}

function statusOf(observations: readonly Observation[]): number {
  const causes = observations.map(({ verdict, cause }) => (verdict === 'problem' ? cause : undefined));
  const first = (['configuration', 'machine', 'source'] as const).find((cause) => causes.includes(cause));
  return first === undefined ? Status.ok : STATUS_OF_CAUSE[first];
}

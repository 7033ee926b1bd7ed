/** Reads metrics as other programs do: with the parser of Python's prometheus_client, which Debian puts beside its own Python. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ReadFamily {
  readonly type: string;
  readonly unit: string;
  readonly samples: readonly (readonly [name: string, labels: Readonly<Record<string, string>>, value: number])[];
}

const PROGRAM = fileURLToPath(new URL('read-metrics.py', import.meta.url));

/** Families by name. @throws Error with what the parser says of the text. */
export function readMetrics(text: string, format: 'openmetrics' | 'prometheus'): Readonly<Record<string, ReadFamily>> {
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', [PROGRAM, format], {
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the parser refuses this: ${stderr}\n${text}`);
  return JSON.parse(stdout) as Readonly<Record<string, ReadFamily>>;
}

/** The value of the sample whose only label, if it has one, has this value. */
export function valueOf(
  families: Readonly<Record<string, ReadFamily>>,
  family: string,
  label?: string,
): number | undefined {
  const samples = families[family]?.samples ?? [];
  return samples.find(([, labels]) => Object.values(labels)[0] === label)?.[2];
}

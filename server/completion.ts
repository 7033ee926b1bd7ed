/** `spad completion`: the script for a shell, and for `spad revoke` what the running daemon has open. */
import type { Command } from 'commander';
import { shapeOf } from '../keys/command-shape.ts';
import { defineCompletion, type Known } from '../keys/completion-command.ts';
import { valueBefore } from '../src/completion/words-before.ts';
import { readGrantList } from '../src/control/response.ts';
import type { Asking } from './asking.ts';
import { askDaemon } from './control/client.ts';

const TOPICS = { what: 'grants' } as const;

/** Adds the command. */
export const defineCompletions = (program: Command, asking: Asking): void => {
  defineCompletion(program, {
    out: (text) => process.stdout.write(text),
    shape: (name) => (name === undefined ? shapeOf(program, TOPICS) : undefined),
    topics: { grants: (words) => knownGrants(words, asking) },
  });
};

/** Nothing where the daemon cannot be asked: somebody is typing, and `spad revoke` itself will say why. */
const knownGrants = async (words: readonly string[], { whereOf }: Asking): Promise<readonly Known[]> => {
  const config = valueBefore(words, ['-c', '--config']);
  const stateDir = valueBefore(words, ['--state-dir']);
  try {
    const { folder } = whereOf({ ...(config && { config }), ...(stateDir && { stateDir }) });
    const answer = await askDaemon(folder, { command: 'grants' });
    const grants = answer?.ok === true ? (readGrantList(answer.value)?.grants ?? []) : [];
    const about = grants.map(
      ({ id, stanza, address, ports }) => [id, `${stanza} ${address} ${ports.join(',')}`] as const,
    );
    const others = grants.flatMap(
      ({ stanza, address }) =>
        [
          [stanza, 'all grants of the stanza'],
          [address, 'all grants of the address'],
        ] as const,
    );
    return [...about, ...new Map(others)];
  } catch {
    return [];
  }
};

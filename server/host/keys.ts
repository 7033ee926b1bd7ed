/** Which keys are about to end, and what the running daemon knows of who uses them. */
import { readStatus, type ShownRotation } from '../../src/control/status.ts';
import { oldKeys } from '../../src/engine/policy.ts';
import type { KeyFacts } from '../../src/host/judge-keys.ts';
import type { Configuration } from '../load-config.ts';
import { askDaemon } from '../control/client.ts';

export const readKeyFacts = async ({ conf, policy }: Configuration): Promise<readonly KeyFacts[]> => {
  const old = oldKeys(policy).map(({ stanza, rotation }) => ({ stanza: stanza.name, until: rotation.until }));
  if (old.length === 0) return [];
  const known = await askUses(conf.daemon.state_dir);
  return old.map((facts) => {
    const use = known.find(({ stanza, until }) => stanza === facts.stanza && Date.parse(until) === facts.until);
    return { ...facts, oldUsed: use?.oldUsed, newUsed: use?.newUsed };
  });
};

/** Of nobody where the daemon does not run, or does not answer whoever asks. */
const askUses = async (folder: string): Promise<readonly ShownRotation[]> => {
  const answer = await askDaemon(folder, { command: 'status' }).catch(() => undefined);
  return (answer?.ok === true ? readStatus(answer.value)?.rotations : undefined) ?? [];
};

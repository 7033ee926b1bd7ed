/** Whether the firewall can do what stanzas may ask for. */
import { type BackendName, BACKENDS } from '../firewall/backends.ts';
import type { AccessEntry } from './access-section.ts';
import type { FwknopEntry } from './fwknop/access-conf.ts';
import type { Issue } from './issue.ts';

/** An error for each stanza that may forward where the firewall cannot; `file` is where `access` is from. */
export const forwardMisfits = (
  firewall: BackendName,
  access: readonly AccessEntry[],
  fwknop: readonly FwknopEntry[],
  file: string,
): readonly Issue[] => {
  if (BACKENDS[firewall].forwards) return [];
  const native = access
    .filter(({ stanza }) => stanza.forward.length > 0)
    .map(({ stanza: { name }, line }) => ({ name, file, line }));
  const others = fwknop
    .filter(({ client: { stanza } }) => stanza.nat.forward || stanza.nat.local || stanza.nat.forced !== undefined)
    .map(({ client, file: from, line }) => ({ name: client.stanza.name, file: from, line }));
  const able = Object.entries(BACKENDS)
    .filter(([, { forwards }]) => forwards)
    .map(([name]) => name);
  return [...native, ...others].map(({ name, ...place }) => ({
    severity: 'error',
    ...place,
    problem: `firewall = ${firewall} cannot forward, and ${name} may ask for it`,
    hint: `these can: ${able.join(', ')}`,
  }));
};

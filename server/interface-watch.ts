/** Notices that a network interface went away, came back, went down or up, which libpcap does not tell. */
import { readFileSync } from 'node:fs';
import { LinkWatch } from './process/link-watch.ts';

const IFF_UP = 1;

export type InterfaceState = 'missing' | 'down' | 'up';

export class InterfaceWatch {
  readonly #watch: LinkWatch;

  /**
   * Calls `onChange` with the new state whenever it changes, also when another interface has
   * taken over the name, and when it was down and is up again between two looks: a capture is deaf then, too.
   */
  constructor(name: string, onChange: (state: InterfaceState) => void) {
    let before = look(name);
    this.#watch = new LinkWatch(() => {
      const now = look(name);
      const changed = now.state !== before.state || now.identity !== before.identity;
      before = now;
      if (changed) onChange(now.state);
    });
  }

  stop(): void {
    this.#watch.stop();
  }
}

/** `identity`: the interface's number and how often its carrier has come or gone, which it has at each down and up. */
const look = (name: string): { readonly state: InterfaceState; readonly identity: string } => {
  const read = (file: string): string => readFileSync(`/sys/class/net/${name}/${file}`, 'latin1').trim();
  try {
    const flags = Number.parseInt(read('flags'), 16);
    return { state: (flags & IFF_UP) === 0 ? 'down' : 'up', identity: `${read('ifindex')} ${read('carrier_changes')}` };
  } catch {
    return { state: 'missing', identity: '' };
  }
};

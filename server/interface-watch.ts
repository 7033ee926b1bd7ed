/** Notices that a network interface went away, came back, went down or up, which libpcap does not tell. */
import { readFileSync } from 'node:fs';

const EVERY_MS = 250;
const IFF_UP = 1;

export type InterfaceState = 'missing' | 'down' | 'up';

export class InterfaceWatch {
  readonly #timer: NodeJS.Timeout;

  /** Calls `onChange` with the new state whenever it changes, also when another interface has taken over the name. */
  constructor(name: string, onChange: (state: InterfaceState) => void) {
    let before = look(name);
    this.#timer = setInterval(() => {
      const now = look(name);
      const changed = now.state !== before.state || now.index !== before.index;
      before = now;
      if (changed) onChange(now.state);
    }, EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

const look = (name: string): { readonly state: InterfaceState; readonly index: string } => {
  try {
    const index = readFileSync(`/sys/class/net/${name}/ifindex`, 'latin1');
    const flags = Number.parseInt(readFileSync(`/sys/class/net/${name}/flags`, 'latin1'), 16);
    return { state: (flags & IFF_UP) === 0 ? 'down' : 'up', index };
  } catch {
    return { state: 'missing', index: '' };
  }
};

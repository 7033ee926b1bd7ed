/** Somebody who watches a host's firewall the whole time (`nft monitor`), whatever becomes of who changes it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from './host.ts';
import type { Lab } from './lab.ts';
import { waitUntil } from './wait.ts';

const OPENED = /^add element inet spad (?:grant|range)[46] \{ (\S+) \. (\w+) \. (\S+) /gm;

export class NftWitness {
  private readonly path: string;
  private seen = 0;
  private readonly found = new Set<string>();

  private constructor(path: string) {
    this.path = path;
  }

  /** Starts watching; what happens from then on is seen. */
  static async start(lab: Lab, host: Host): Promise<NftWitness> {
    const witness = new NftWitness(join(lab.dir, `${host.name}-witness`));
    host.spawn('sh', ['-c', 'exec nft monitor > "$0"', witness.path]);
    const probe = 'add table inet witness; delete table inet witness';
    await waitUntil('the witness to see', async () => {
      await host.run('nft', [probe]);
      return readFileSync(witness.path, 'utf8').includes('table inet witness');
    });
    return witness;
  }

  /** All that was ever open for a moment: `10.99.0.1 tcp/22`. */
  opened(): ReadonlySet<string> {
    const text = readFileSync(this.path, 'utf8');
    const end = text.lastIndexOf('\n') + 1;
    for (const [, address = '', protocol = '', port = ''] of text.slice(this.seen, end).matchAll(OPENED))
      this.found.add(`${address} ${protocol}/${port}`);
    this.seen = end;
    return this.found;
  }
}

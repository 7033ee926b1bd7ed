/** Grants a second through the whole daemon: genuine packets, each for an address of its own, as fast as it takes them. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keyholder } from '../../test/support/keyholder.ts';
import { Lab } from '../../test/support/lab.ts';
import { SPA_PORT, Spad } from '../../test/support/spad.ts';
import { builtFile } from '../../test/support/paths.ts';

/** Packets that are under way at most: well below what the daemon lets wait before it sheds. */
const UNDER_WAY = 2000;
const CHUNK = 250;
const STALL_MS = 20_000;

export interface StreamResult {
  readonly packets: number;
  /** Those that were granted before nothing happened any more. */
  readonly granted: number;
  readonly perSecond: number;
}

/** Counts the grants in an audit log that is being written, without reading any of it twice. */
class GrantCounter {
  private readonly fd: number;
  private readonly buffer = Buffer.alloc(1 << 16);
  private position: number;
  private rest = '';
  private granted = 0;

  constructor(path: string) {
    this.fd = openSync(path, 'r');
    this.position = fstatSync(this.fd).size;
  }

  count(): number {
    for (;;) {
      const length = readSync(this.fd, this.buffer, 0, this.buffer.length, this.position);
      if (length === 0) return this.granted;
      this.position += length;
      const lines = (this.rest + this.buffer.toString('latin1', 0, length)).split('\n');
      this.rest = lines.pop() ?? '';
      this.granted += lines.filter((line) => line.includes('"event":"granted"')).length;
    }
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** @param folder on a real disk, for the replay journal is durable */
export async function measureStream(capture: string, folder: string, packets: number): Promise<StreamResult> {
  const lab = await Lab.create({ hosts: ['client', 'server'] });
  try {
    const [client, server] = [lab.host('client'), lab.host('server')];
    const holder = new Keyholder();
    const spad = new Spad(lab, server);
    spad.configure({
      daemon: { capture, max_grants: 100_000, state_dir: `${folder}/state` },
      access: { alice: { key: holder.base64, allow: 'tcp/22', open_for: '1h', max_open_for: '1h' } },
    });
    await spad.start();
    const sealed = Array.from({ length: packets }, (_, index) => {
      const number = index + 1;
      const allow = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
      return Buffer.from(holder.seal({ ports: 'tcp/22', allow, openFor: 3600 })).toString('hex');
    });
    const sender = client.spawn(process.execPath, [
      builtFile('test/support/udp-send-lines.js'),
      server.address4,
      String(SPA_PORT),
    ]);
    const counter = new GrantCounter(spad.audit.path);
    const begin = performance.now();
    let [sent, granted, last] = [0, 0, begin];
    while (granted < packets && performance.now() - last < STALL_MS) {
      const now = counter.count();
      if (now > granted) last = performance.now();
      granted = now;
      if (sent < packets && sent - granted <= UNDER_WAY - CHUNK) {
        sender.write(`${sealed.slice(sent, sent + CHUNK).join('\n')}\n`);
        sent += CHUNK;
      } else await sleep(2);
    }
    counter.close();
    await spad.stop();
    return { packets, granted, perSecond: (granted * 1000) / (last - begin) };
  } finally {
    await lab.close();
  }
}

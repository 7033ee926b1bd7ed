/** The laboratory of the floods: a wire of its own from the client to each daemon's host, for a bridge would be the bottleneck. */
import { Host } from '../../test/support/host.ts';
import { Lab } from '../../test/support/lab.ts';

/** A daemon's host, and the client as it is seen from there. */
export interface Wire {
  readonly host: Host;
  readonly client: Host;
  /** The client's end. */
  readonly interfaceName: string;
  /** The host's hardware address. */
  readonly mac: string;
}

export class Wires {
  private readonly lab: Lab;
  private count = 0;

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  /** A new laboratory for the work, gone when it is done. */
  static async with<T>(work: (wires: Wires) => Promise<T>): Promise<T> {
    const lab = await Lab.create({ hosts: ['client'] });
    try {
      return await work(new Wires(lab));
    } finally {
      await lab.close();
    }
  }

  /** One more host, whose way to every address is the client. */
  async add(): Promise<Wire> {
    const client = this.lab.host('client');
    const name = `h${String((this.count += 1))}`;
    const host = await this.lab.addBehind(client, name);
    const addresses = {
      address4: host.address4.replace(/\.2$/, '.1'),
      address6: host.address6.replace(/::2$/, '::1'),
    };
    const near = new Host(client.name, client.namespace, addresses);
    return { host, client: near, interfaceName: `to-${name}`, mac: await host.macAddress() };
  }
}

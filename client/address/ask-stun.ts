/** Asking a STUN server (RFC 8489) which address it sees. */
import { systemCode, Trouble } from '../../keys/trouble.ts';
import type { Family, IpAddress } from '../../src/base/address.ts';
import { printable } from '../../src/base/printable.ts';
import type { StunServer } from '../../src/config/resolve.ts';
import { type Binding, bindingRequest, readBinding, TRANSACTION_LENGTH } from '../../src/stun/binding.ts';
import { firstRoute } from '../first-route.ts';
import type { ClientIo, UdpRoute } from '../io.ts';
import { formatEndpoint } from '../ui.ts';

/** When the request goes out, in ms: the interval doubles (RFC 8489, section 6.2.1). */
const SEND_AT_MS = [0, 500, 1500, 3500];
/** After the first one. A person waits, so that it is not the RFC's 39.5 s. */
const GIVE_UP_MS = 6000;

/** The address of this host as `server` sees it. Rejects with a Trouble. */
export const askStun = async ({ host, port }: StunServer, family: Family, io: ClientIo): Promise<IpAddress> => {
  const { to, route } = await firstRoute(await io.network.lookup(host, family), port, io);
  try {
    return (await hearBinding(route, io.random(TRANSACTION_LENGTH))).address;
  } catch (error) {
    if (systemCode(error) === undefined && error !== SILENT && error !== REFUSED) throw error;
    const why = error === REFUSED ? 'has refused to tell it' : 'has not answered';
    const server = printable(formatEndpoint(to, port));
    throw new Trouble(
      `the STUN server at ${server} ${why}: check its name and port, and that UDP goes out, or use --resolve https or reply`,
      1,
      { cause: error },
    );
  } finally {
    route.close();
  }
};

const SILENT = new Error('no answer');
const REFUSED = new Error('an error response');

/** The kernel gives datagrams of the server alone to a connected socket; what does not fit the transaction is passed over. */
const hearBinding = (route: UdpRoute, transaction: Uint8Array): Promise<Binding> =>
  new Promise((resolve, reject) => {
    const request = bindingRequest(transaction);
    const timers = SEND_AT_MS.map((after) =>
      setTimeout(() => void route.send(request).catch((error: unknown) => end(() => reject(asError(error)))), after),
    );
    timers.push(setTimeout(() => end(() => reject(SILENT)), GIVE_UP_MS));
    const end = (settle: () => void): void => {
      for (const timer of timers) clearTimeout(timer);
      settle();
    };
    route.listen((datagram) => {
      const read = readBinding(datagram, transaction);
      if (read.ok) end(() => resolve(read.value));
      else if (read.error === 'refused') end(() => reject(REFUSED));
    });
  });

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

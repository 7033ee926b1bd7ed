/**
 * The floor of whoever captures with the addon `pcap`: opens a device as the receiver does, with a callback that does
 * nothing but count. `node counting.js DEVICE SNAP_LENGTH RING_BYTES FILTER` prints "ready", and "seen PACKETS" at each SIGUSR2.
 */
import { loadPcap } from '../../server/receiver/pcap-source.ts';
import { Rest } from '../../server/receiver/rest.ts';

const [device = '', snapLength = '', ringBytes = '', filter = ''] = process.argv.slice(2);
const pcap = await loadPcap();
const session = pcap.createSession(device, {
  ...{ filter, snap_length: Number(snapLength), buffer_size: Number(ringBytes), buffer_timeout: 0, promiscuous: false },
});
const rest = new Rest();
let seen = 0;
let isAwake = false;
session.on('packet', () => {
  seen++;
  if (isAwake) return;
  isAwake = true;
  setImmediate(() => {
    isAwake = false;
    rest.drained();
  });
});
process.on('SIGUSR2', () => {
  process.stdout.write(`seen ${String(seen)}\n`);
});
process.stdout.write('ready\n');

/** What does the daemon's work beside the firewall: doors, fwknop's programs, connections, replies. */
import { join } from 'node:path';
import type { Input } from '../src/engine/input.ts';
import type { AnnouncerParts } from './announcer.ts';
import { ConnectionWatch } from './connections.ts';
import { Doors, type DoorsParts } from './doors.ts';
import { FwknopEdge } from './fwknop/fwknop-edge.ts';
import type { ReceiverSource } from './receiver-source.ts';
import { Replies } from './replies.ts';

export interface Edges {
  readonly doors: Doors;
  readonly fwknop: FwknopEdge;
  readonly connections: ConnectionWatch;
  readonly replies: Replies;
}

/** Opens the logs of what is still to be closed. Throws the system's error where one cannot be. */
export const openEdges = (
  { configuration, logger, launch }: Pick<AnnouncerParts, 'configuration' | 'logger'> & Pick<DoorsParts, 'launch'>,
  dryRun: boolean,
  receiver: ReceiverSource,
  onInput: (input: Input) => void,
): Edges => {
  const { conf, receiver: settings } = configuration;
  const inFolder = (name: string): string => join(conf.daemon.state_dir, name);
  return {
    doors: new Doors({ stopLog: inFolder('door-stops.log'), logger, launch, onInput }, settings),
    fwknop: new FwknopEdge({ closeLog: inFolder('fwknop-closes.log'), dryRun, logger, onInput }),
    connections: new ConnectionWatch({ logger, onInput }),
    replies: new Replies({
      ...{ logger, isMute: dryRun || settings.capture === 'file', receiver },
      onFailed: () => onInput({ kind: 'counted', counts: { 'reply-failed': 1 } }),
    }),
  };
};

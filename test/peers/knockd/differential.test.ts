/**
 * The real knockd and `spad knockd` under the same configuration and the same packets, compared line by line: log,
 * streams, exit status, and what the commands did. `recorded/` holds what knockd 0.8 (Debian) did.
 */
import { differential } from './harness/differential.ts';
import { addresses } from './scenarios/addresses.ts';
import { commands } from './scenarios/commands.ts';
import { severalDoors } from './scenarios/doors.ts';
import { files } from './scenarios/files.ts';
import { flags } from './scenarios/flags.ts';
import { interfaces } from './scenarios/interfaces.ts';
import { oneTime } from './scenarios/one-time.ts';
import { options } from './scenarios/options.ts';
import { reload } from './scenarios/reload.ts';
import { sequences } from './scenarios/sequences.ts';
import { signals } from './scenarios/signals.ts';
import { timing } from './scenarios/timing.ts';

// Those that wait longest come first, so that they do not wait for each other at the end.
differential([...timing, ...files, ...options, ...reload, ...addresses, ...interfaces, ...commands, ...signals]);
differential([...oneTime, ...sequences, ...severalDoors, ...flags]);

import type { FwknopEnvironment, FwknopIo, GpgPlan, SendPlan } from '../../../../client/fwknop/io.ts';
import { unixMs } from '../../../../src/base/units.ts';

/** What the world would have been asked to do. */
export interface SeenFwknop {
  readonly files: Map<string, string>;
  readonly sent: SendPlan[];
  readonly sealed: GpgPlan[];
  readonly asked: string[];
  readonly stdout: () => string;
  readonly stderr: () => string;
}

export interface FakeFwknopWorld {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: FwknopEnvironment;
  /** Answers of the terminal, in their order. */
  readonly typed?: readonly string[];
  /** Lines of every descriptor, in their order. */
  readonly lines?: readonly string[];
  readonly body?: string;
  readonly openPgp?: Uint8Array;
  readonly isOpen?: boolean;
}

/** A world without a network, a terminal or a disk. */
export const fakeFwknopIo = (world: FakeFwknopWorld = {}): FwknopIo & SeenFwknop => {
  const [out, err, asked]: [string[], string[], string[]] = [[], [], []];
  const [sent, sealed]: [SendPlan[], GpgPlan[]] = [[], []];
  const files = new Map(Object.entries({ '/h/me/.fwknoprc': '', ...world.files }));
  const [typed, lines] = [[...(world.typed ?? [])], [...(world.lines ?? [])]];
  let chance = 0;
  return {
    ...{ files, sent, sealed, asked, stdout: () => out.join(''), stderr: () => err.join('') },
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    env: { HOME: '/h/me', USER: 'me', ...world.env },
    posixly: false,
    loginName: () => undefined,
    now: () => unixMs(Date.UTC(2026, 0, 1)),
    random: (length) => Uint8Array.from({ length }, () => (chance = (chance + 97) % 256)),
    readText: (path) => {
      const text = files.get(path);
      return text === undefined ? undefined : { text, isOpen: world.isOpen === true };
    },
    writeText: (path, text, append = false) => files.set(path, append ? (files.get(path) ?? '') + text : text),
    askSecret: (prompt) => {
      asked.push(prompt);
      return Promise.resolve(typed.shift() ?? '');
    },
    readLine: () => lines.shift(),
    send: (plan) => {
      sent.push(plan);
      return Promise.resolve(plan.text.length);
    },
    fetchText: (url, agent) => {
      asked.push(`${url.href} as ${agent}`);
      return Promise.resolve(world.body ?? '');
    },
    sealGpg: (_, plan) => {
      sealed.push(plan);
      return Promise.resolve(world.openPgp ?? new Uint8Array(0));
    },
  };
};

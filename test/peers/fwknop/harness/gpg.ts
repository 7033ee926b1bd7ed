/** Key rings of GnuPG for one laboratory: made once, copied for each, so that their agents end with it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Who owns keys; `stranger` is known to the server, and not trusted by it. */
const PEOPLE = ['server', 'client', 'friend', 'stranger'] as const;

type Person = (typeof PEOPLE)[number];

/** The password of the server's second key. */
export const GPG_PASSWORD = 'opensesame';

interface Keyring {
  readonly home: string;
  /** The long key id: 16 hexadecimal digits. */
  readonly id: string;
  readonly fingerprint: string;
}

function gpg(home: string, args: readonly string[], input = ''): string {
  const words = ['--homedir', home, '--batch', '--yes', '--pinentry-mode', 'loopback', ...args];
  const { status, stdout, stderr } = spawnSync('gpg', words, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`gpg ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

function makeKey(home: string, name: string, password = ''): Omit<Keyring, 'home'> {
  gpg(home, ['--passphrase', password, '--quick-generate-key', `${name}@lab`, 'rsa2048', 'sign,cert', 'never']);
  const fingerprint = /^fpr:+([0-9A-F]{40})/m.exec(gpg(home, ['--with-colons', '-K', `${name}@lab`]))?.[1] ?? '';
  gpg(home, ['--passphrase', password, '--quick-add-key', fingerprint, 'rsa2048', 'encrypt', 'never']);
  return { fingerprint, id: fingerprint.slice(-16) };
}

/** Copies the public key, and takes it for genuine by signing it where it is wanted. */
function introduce(from: Keyring, to: Keyring, isTrusted: boolean): void {
  gpg(to.home, ['--import'], gpg(from.home, ['--armor', '--export', from.fingerprint]));
  if (isTrusted) gpg(to.home, ['--quick-lsign-key', from.fingerprint]);
}

export class Keyrings {
  /** Ids and fingerprints are the same in every copy; `home` is that of the original. */
  readonly of: Readonly<Record<Person, Keyring>>;
  /** The server's second key, which has {@link GPG_PASSWORD}. */
  readonly guarded: Omit<Keyring, 'home'>;
  private readonly dir: string;

  private constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'spad-gpg-'));
    const make = (person: Person): Keyring => {
      const home = join(this.dir, person);
      mkdirSync(home, { mode: 0o700 });
      return { home, ...makeKey(home, person) };
    };
    this.of = { server: make('server'), client: make('client'), friend: make('friend'), stranger: make('stranger') };
    const { server, client, friend, stranger } = this.of;
    this.guarded = makeKey(server.home, 'guarded', GPG_PASSWORD);
    for (const one of [client, friend, stranger]) {
      introduce(one, server, one !== stranger);
      introduce(server, one, true);
      introduce({ ...this.guarded, home: server.home }, one, true);
    }
    introduce(friend, client, true);
    for (const one of PEOPLE) spawnSync('gpgconf', ['--homedir', join(this.dir, one), '--kill', 'all']);
  }

  /** Makes all keys: some seconds. @throws Error where gpg fails. */
  static create(): Keyrings {
    return new Keyrings();
  }

  /** Copies a person's key ring into a folder and gives the path of the copy. */
  copy(person: Person, to: string): string {
    const home = join(to, `gpg-${person}`);
    const isSocket = (path: string): boolean => /S\.|\.lock$|\.#/.test(path);
    cpSync(this.of[person].home, home, { recursive: true, filter: (path) => !isSocket(path) });
    return home;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

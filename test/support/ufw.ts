/** The real ufw on a host of the laboratory, with files of its own: as Debian installs it, and enabled. */
import type { Host } from './host.ts';
import { Room } from './room.ts';

export interface UfwOptions {
  /** As in /etc/default/ufw; yes unless told. */
  readonly ipv6?: 'yes' | 'no';
}

const furnish = ({ ipv6 = 'yes' }: UfwOptions): string => `mkdir -p /run/lock /run/etc/ufw/applications.d
cp /usr/share/ufw/iptables/*.rules /usr/share/ufw/ufw.conf /usr/share/ufw/before.init /usr/share/ufw/after.init /run/etc/ufw
chmod 640 /run/etc/ufw/*.rules
cat > /run/etc/default <<'END'
IPV6=${ipv6}
DEFAULT_INPUT_POLICY="DROP"
DEFAULT_OUTPUT_POLICY="ACCEPT"
DEFAULT_FORWARD_POLICY="DROP"
DEFAULT_APPLICATION_POLICY="SKIP"
MANAGE_BUILTINS=no
IPT_SYSCTL=/etc/ufw/sysctl.conf
IPT_MODULES=""
END
mount --bind /run/etc/ufw /etc/ufw
mount --bind /run/etc/default /etc/default/ufw`;

export class Ufw {
  readonly room: Room;

  private constructor(room: Room) {
    this.room = room;
  }

  static async create(host: Host, options: UfwOptions = {}): Promise<Ufw> {
    const ufw = new Ufw(await Room.create(host, furnish(options)));
    await ufw.run('--force', 'enable');
    return ufw;
  }

  /** Runs ufw, which must succeed. */
  run(...args: readonly string[]): Promise<string> {
    return this.room.run('ufw', args, { timeoutMs: 30_000 });
  }

  /** All rules in the words of ufw's command line, in their order, those of IPv4 first. */
  async rules(): Promise<readonly string[]> {
    return (await this.run('show', 'added')).split('\n').filter((line) => line.startsWith('ufw '));
  }

  /** Deletes a rule by one of those words. */
  async delete(rule: string): Promise<void> {
    const [, words = '', comment] = /^ufw (.*?)(?: comment '(.*)')?$/.exec(rule) ?? [];
    await this.run('delete', ...words.split(' '), ...(comment === undefined ? [] : ['comment', comment]));
  }
}

/** The real firewalld on a host of the laboratory, with a D-Bus, files and a folder /run of its own. */
import type { Host } from './host.ts';
import type { LabProcess } from './lab-process.ts';
import { Room } from './room.ts';
import { waitUntil } from './wait.ts';

/** Every firewalld may have the name, and whoever gets into the room may speak to it. */
const BUS = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/>
    <allow send_type="method_call"/><allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/><allow receive_type="signal"/>
    <allow receive_type="method_return"/><allow receive_type="error"/>
  </policy>
</busconfig>`;

const FURNISH = `mkdir -p /run/dbus /run/lock /run/etc
cat > /run/bus.conf <<'END'
${BUS}
END
printf 'DefaultZone=public\\nCleanupOnExit=yes\\nFirewallBackend=nftables\\n' > /run/etc/firewalld.conf
mount --bind /run/etc /etc/firewalld`;

export class Firewalld {
  readonly room: Room;
  private daemon: LabProcess | undefined;

  private constructor(room: Room) {
    this.room = room;
  }

  /** Starts it; eth0 is in the zone public, which allows ssh. */
  static async create(host: Host): Promise<Firewalld> {
    const firewalld = new Firewalld(await Room.create(host, FURNISH));
    firewalld.room.spawn('dbus-daemon', ['--config-file=/run/bus.conf', '--nofork', '--nopidfile']);
    await waitUntil(
      'a bus',
      async () => (await firewalld.room.exec('test', ['-S', '/run/dbus/system_bus_socket'])).code === 0,
    );
    await firewalld.start();
    return firewalld;
  }

  async start(): Promise<void> {
    this.daemon = this.room.spawn('/usr/sbin/firewalld', ['--nofork', '--nopid', '--log-target', 'console']);
    await waitUntil('firewalld', async () => (await this.room.exec('firewall-cmd', ['--state'])).code === 0);
  }

  /** In order, unless told: then it takes all its rules with it. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.daemon?.stop(signal);
  }

  /** Runs firewall-cmd, which must succeed. */
  cmd(...args: readonly string[]): Promise<string> {
    return this.room.run('firewall-cmd', args, { timeoutMs: 30_000 });
  }

  /** The rich rules of a zone, sorted. */
  async rules(zone = 'public'): Promise<readonly string[]> {
    const text = await this.cmd(`--zone=${zone}`, '--list-rich-rules');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.trim())
      .sort();
  }
}

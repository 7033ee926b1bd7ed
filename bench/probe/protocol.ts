/** What the bench says to its probe, and what the probe answers: one JSON object a line, each way. */

/** Send the SPA packet, then knock on the port until it answers. */
export interface Shot {
  readonly kind: 'shot';
  readonly address: string;
  readonly spaPort: number;
  readonly port: number;
  /** Base64; empty sends none, to see that the port is closed. */
  readonly packet: string;
  readonly timeoutMs: number;
}

/** Ask an open port, one datagram at a time. */
export interface Ping {
  readonly kind: 'ping';
  readonly address: string;
  readonly port: number;
  readonly times: number;
}

/** Send SPA packets at a steady pace and look at nothing. */
export interface Volley {
  readonly kind: 'volley';
  readonly address: string;
  readonly spaPort: number;
  readonly packets: readonly string[];
  readonly everyMs: number;
}

export type Order = Shot | Ping | Volley;

export interface ShotResult {
  /** From the SPA packet's sending to that of the first answered datagram; null where none was answered in time. */
  readonly latencyMs: number | null;
  /** Mean time between two datagrams to the port; null where fewer than two were sent. */
  readonly intervalMs: number | null;
}

export interface PingResult {
  /** Median round trip; null where nothing came back. */
  readonly roundTripMs: number | null;
}

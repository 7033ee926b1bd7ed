/**
 * When to look at interfaces and addresses again. The kernel tells of each change (rtnetlink(7)); to ask it whether there was
 * one costs a system call, to look costs a hundred times that.
 */
import { type NetlinkSocket, openNetlinkSocket } from './netlink-socket.ts';

const NETLINK_ROUTE = 0;
/** linux/rtnetlink.h: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR. */
const GROUPS = 0x1 | 0x10 | 0x100;

const EVERY_MS = 250;
/** Every so many times it is looked all the same, for a kernel or a cage that tells nothing. */
const AT_LEAST_EVERY = 20;

/** Counts the times that something may have changed. */
export class LinkNews {
  readonly #socket: NetlinkSocket | undefined;
  #count = 0;

  /** Without a socket it takes everything to be changing all the time. */
  constructor(open: () => NetlinkSocket = () => openNetlinkSocket(NETLINK_ROUTE, GROUPS)) {
    try {
      this.#socket = open();
    } catch {
      this.#socket = undefined;
    }
  }

  count(): number {
    if (this.#socket === undefined || this.#drain(this.#socket)) this.#count += 1;
    return this.#count;
  }

  #drain({ receive, hasLost }: NetlinkSocket): boolean {
    let isNew = false;
    while (receive() !== undefined || hasLost()) isNew = true;
    return isNew;
  }
}

/** One socket for all who watch. */
let shared: LinkNews | undefined;

export class LinkWatch {
  readonly #timer: NodeJS.Timeout;
  readonly #news: LinkNews;
  #seen = 0;
  /** The first time it is looked, for what came before the kernel was asked to tell. */
  #skipped = AT_LEAST_EVERY;

  /** Calls `look` within a quarter of a second of each change, and every five seconds. */
  constructor(look: () => void) {
    this.#news = shared ??= new LinkNews();
    this.#timer = setInterval(() => {
      if (this.#isDue()) look();
    }, EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #isDue(): boolean {
    const count = this.#news.count();
    this.#skipped += 1;
    if (count === this.#seen && this.#skipped < AT_LEAST_EVERY) return false;
    this.#seen = count;
    this.#skipped = 0;
    return true;
  }
}

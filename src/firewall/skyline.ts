/**
 * Which span of those that lie over a port has it, while spans come and go as a sweep over the ports meets them.
 *
 * Theory. Spans stand in a row, the oldest on the left, each as high as its end is late. Seen from the right, the first
 * one shows, then each that stands above all before it. The port belongs to the first that shows, and on to each next one
 * while that goes to the same place; where one goes elsewhere, the view ends. A tree over the row keeps for each node its
 * highest span and what shows of its left half above its right one, so that a span comes or goes in log² n steps.
 */
export interface Span {
  readonly ends: number;
  /** Where connections go: equal for those that go to the same place. */
  readonly place: string;
}

/** What has been seen so far, from the right. */
interface View<S> {
  /** Only what is higher shows. */
  readonly height: number;
  /** Undefined: nothing showed yet. */
  readonly winner: S | undefined;
  /** One that goes elsewhere has shown. */
  readonly isOver: boolean;
}

const NOTHING = Number.NEGATIVE_INFINITY;

export class Skyline<S extends Span> {
  readonly #leaves: number;
  readonly #spans: (S | undefined)[];
  /** By node; node 1 is the root, those of n are 2n and 2n + 1. */
  readonly #highest: number[];
  /** What shows of the left half above the right one. */
  readonly #behind: (View<S> | undefined)[];

  /** A row of `length` places, all free. */
  constructor(length: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(1, length)));
    this.#spans = new Array<S | undefined>(this.#leaves);
    this.#highest = new Array<number>(2 * this.#leaves).fill(NOTHING);
    this.#behind = new Array<View<S> | undefined>(this.#leaves);
  }

  /** Puts a span onto its place, or takes away what is there. */
  set(place: number, span: S | undefined): void {
    this.#spans[place] = span;
    let node = this.#leaves + place;
    this.#highest[node] = span?.ends ?? NOTHING;
    while (node > 1) {
      node = Math.floor(node / 2);
      const [left, right] = [this.#high(2 * node), this.#high(2 * node + 1)];
      this.#highest[node] = Math.max(left, right);
      this.#behind[node] =
        left > right ? this.#look(2 * node, { height: right, winner: undefined, isOver: false }) : undefined;
    }
  }

  /** The span that ends last of those to which the newest one's place leads without a break. */
  winner(): S | undefined {
    return this.#look(1, { height: NOTHING, winner: undefined, isOver: false }).winner;
  }

  /** What has been seen once the spans under a node have been looked at as well. */
  #look(node: number, view: View<S>): View<S> {
    if (this.#high(node) <= view.height) return view;
    if (node >= this.#leaves) return beyond(view, this.#spans[node - this.#leaves], false);
    if (this.#high(2 * node + 1) <= view.height) return this.#look(2 * node, view);
    const near = this.#look(2 * node + 1, view);
    // The right half shows: above it shows of the left what does so whatever has been seen before.
    const far = this.#behind[node];
    return near.isOver || far === undefined ? near : beyond(near, far.winner, far.isOver);
  }

  #high(node: number): number {
    return this.#highest[node] ?? NOTHING;
  }
}

/** `next` shows behind what has been seen; `isOver`: and something that goes elsewhere behind it. */
const beyond = <S extends Span>(view: View<S>, next: S | undefined, isOver: boolean): View<S> => {
  if (next === undefined) return view;
  if (view.winner !== undefined && view.winner.place !== next.place) return { ...view, isOver: true };
  return { height: next.ends, winner: next, isOver };
};

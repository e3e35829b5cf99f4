/**
 * What waits for its turn, by where it comes from. At each level the networks have their turns, and so have the accounts of one address;
 * among those of one origin the first comes first. Many small networks of one greater network have no more turns than one
 * (docs/adr/0038).
 */
export class Lane<T> {
  size = 0;
  private readonly own: T[] = [];
  /** A map keeps the order in which its keys came: the first one is the next. */
  private readonly within = new Map<string, Lane<T>>();

  /** @param origins where it comes from, the widest network first */
  add([origin, ...narrower]: readonly string[], item: T): void {
    this.size += 1;
    if (origin === undefined) {
      this.own.push(item);
      return;
    }
    const lane = this.within.get(origin) ?? new Lane();
    this.within.set(origin, lane);
    lane.add(narrower, item);
  }

  /** Whether something waits that comes from there. */
  has(widest: string | undefined): boolean {
    return widest !== undefined && this.within.has(widest);
  }

  /** Takes what is next. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    this.size -= 1;
    const [next] = this.within;
    if (this.own.length > 0 || !next) return this.own.shift();
    const [origin, lane] = next;
    this.within.delete(origin);
    const item = lane.shift();
    if (lane.size > 0) this.within.set(origin, lane);
    return item;
  }

  /** Removes the first that is meant. @returns true when there was one */
  remove(isMeant: (item: T) => boolean): boolean {
    const index = this.own.findIndex(isMeant);
    if (index >= 0) this.own.splice(index, 1);
    const isHere = index >= 0 || [...this.within].some((entry) => this.removeWithin(entry, isMeant));
    if (isHere) this.size -= 1;
    return isHere;
  }

  /** What came last of the origin that has most of them waiting. */
  get last(): T | undefined {
    let most: Lane<T> | undefined;
    for (const lane of this.within.values()) if (!most || lane.size >= most.size) most = lane;
    return most && most.size >= this.own.length ? most.last : this.own.at(-1);
  }

  private removeWithin([origin, lane]: [string, Lane<T>], isMeant: (item: T) => boolean): boolean {
    const isHere = lane.remove(isMeant);
    if (lane.size === 0) this.within.delete(origin);
    return isHere;
  }
}

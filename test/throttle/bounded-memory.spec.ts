import { Networks } from '../../src/throttle/networks.js';
import { OwnCounters } from '../../src/throttle/own-counters.js';
import { FakeClock } from '../support/fake-clock.js';

describe('the counters of a process', () => {
  it('are bounded in number, whatever comes', () => {
    const counters = new OwnCounters(new FakeClock(), 600, 1_000);
    let most = 0;
    for (let key = 0; key < 50_000; key++) {
      counters.add(`key ${String(key)}`, 1);
      most = Math.max(most, counters.size);
    }
    expect(most).toBe(2_000);
  });

  it('forget a window before its time only at the price of as many attempts of other keys', () => {
    const counters = new OwnCounters(new FakeClock(), 600, 1_000);
    for (let key = 0; key < 500; key++) counters.add(`before ${String(key)}`, 1);
    for (let attempt = 0; attempt < 10; attempt++) counters.add('attacker', 1);
    for (let key = 0; key < 1_000; key++) counters.add(`other ${String(key)}`, 1);
    expect(counters.countOf('attacker')).toBe(10);
    for (let key = 0; key < 1_000; key++) counters.add(`more ${String(key)}`, 1);
    expect(counters.countOf('attacker')).toBe(0);
  });

  it('end with their windows, and give their room back', () => {
    const clock = new FakeClock();
    const counters = new OwnCounters(clock, 600, 1_000);
    for (let key = 0; key < 1_000; key++) counters.add(String(key), 1);
    expect(counters.add('0', 1).count).toBe(2);
    clock.advance(600);
    expect(counters.countOf('0')).toBe(0);
    expect(counters.add('0', 1)).toEqual({ count: 1, msLeft: 600_000 });
    clock.advance(600);
    counters.add('0', 1);
    expect(counters.size).toBeLessThanOrEqual(2);
  });

  it('keep nothing for as long as a clock was ahead that is set back', () => {
    const clock = new FakeClock();
    const counters = new OwnCounters(clock, 600, 1_000);
    clock.advance(2 * 86_400);
    for (let attempt = 0; attempt < 5; attempt++) counters.add('ahead', 1);
    clock.advance(-2 * 86_400);
    expect(counters.countOf('ahead')).toBe(0);
    expect(counters.add('ahead', 1)).toEqual({ count: 1, msLeft: 600_000 });
    // A second is nothing to forget for.
    clock.advance(-1);
    expect(counters.add('ahead', 1).count).toBe(2);
  });

  it('take nothing back of what they do not remember, and go below none for nobody', () => {
    const counters = new OwnCounters(new FakeClock(), 600);
    counters.takeBack('nobody');
    expect([counters.size, counters.countOf('nobody')]).toEqual([0, 0]);
    counters.add('somebody', 1);
    counters.takeBack('somebody');
    counters.takeBack('somebody');
    expect(counters.countOf('somebody')).toBe(0);
  });
});

describe('whoever has many networks of IPv6', () => {
  const hex = (value: number): string => value.toString(16).padStart(2, '0');

  it('with a /48 is counted as few, however many /64 networks they rotate through', () => {
    const networks = new Networks();
    const keys = new Set<string>();
    for (let high = 0; high < 256; high++) {
      for (let low = 0; low < 256; low++) keys.add(networks.keyOf(`2001:db8:1:${hex(high)}${hex(low)}::1`));
    }
    // 16 of each of 16, the rest of each of these together, and the rest of all.
    expect(keys.size).toBe(16 * 16 + 16 + 1);
    expect(keys).toContain('2001:db8:1::/48');
  });

  it('does not change what others are counted as', () => {
    const networks = new Networks();
    const neighbour = networks.keyOf('2001:db8:2:ff01::1');
    for (let low = 0; low < 256; low++) networks.keyOf(`2001:db8:2:ff${hex(low)}::1`);
    expect(neighbour).toBe('2001:db8:2:ff01::/64');
    expect(networks.keyOf('2001:db8:2:ff01::2')).toBe(neighbour);
    expect(networks.keyOf('2001:db8:3:ff01::2')).toBe('2001:db8:3:ff01::/64');
    expect(networks.keyOf('192.0.2.1')).toBe('192.0.2.1');
    expect(networks.keyOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(networks.keyOf('64:ff9b::c000:201')).toBe('192.0.2.1');
    expect(networks.keyOf(null)).toBe('unknown');
  });
});

import Bowser from 'bowser';
import fc from 'fast-check';
import { deviceOf } from '../../src/sessions/device.js';

const NAMES = [...Object.values(Bowser.BROWSER_MAP), ...Object.values(Bowser.OS_MAP)];

describe('the name of a device', () => {
  it.each([
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/143.0.0.0 Safari/537.36',
      'Chrome on Windows',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', 'Firefox on Linux'],
    ['A browser of my own/1.0 (Windows NT 10.0)', 'Windows'],
    ['curl/8.14.1', null],
    ['', null],
    [null, null],
  ])('of %j is %j', (userAgent, name) => {
    expect(deviceOf(userAgent)).toBe(name);
  });

  it('is made of names of a closed list, whatever the header says', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('/', ' (', ')', 'Mozilla/5.0', 'Version/', 'Windows NT', 'Linux'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const names = deviceOf(pieces.join(''))?.split(' on ') ?? [];
        expect(names.filter((name) => !NAMES.includes(name))).toEqual([]);
      }),
    );
  });
});

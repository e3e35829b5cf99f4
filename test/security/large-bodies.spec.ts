import { jest } from '@jest/globals';
import type { Response } from 'express';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { LargeBodies, type Share } from '../../src/http/large-bodies.js';

const HALF_OF_ALL = 8 * 2 ** 20;

/** A request that has come whole, and its answer. */
function exchange(bodies: LargeBodies): { response: Response; share: Share } {
  const request = Object.assign(new IncomingMessage(new Socket()), { complete: true });
  const response = new ServerResponse(request) as Response;
  return { response, share: bodies.shareOf(response) };
}

it('the share of a large body whose client has gone is kept while the work for it goes on, and for a minute at most', () => {
  jest.useFakeTimers();
  const bodies = new LargeBodies();
  const [first, second, third] = [exchange(bodies), exchange(bodies), exchange(bodies)];
  expect([first.share(HALF_OF_ALL), second.share(HALF_OF_ALL)]).toEqual([true, true]);
  first.response.emit('close');
  jest.advanceTimersByTime(59_000);
  expect(third.share(HALF_OF_ALL)).toBe(false);
  jest.advanceTimersByTime(1_000);
  expect(third.share(HALF_OF_ALL)).toBe(true);
  jest.useRealTimers();
});

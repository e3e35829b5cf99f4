import { UniqueConstraintViolationException } from '@mikro-orm/core';

/** An address that can not be had because it is held (`users/held-addresses.service.ts`). To clients it is taken. */
export class AddressTaken extends Error {}

/** True for what a transaction that gives an address to an account throws when it is not free. */
export const isAddressTaken = (error: unknown): boolean =>
  error instanceof AddressTaken || error instanceof UniqueConstraintViolationException;

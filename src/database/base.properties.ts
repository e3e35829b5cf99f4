import { p } from '@mikro-orm/core';

/** A primary key that the server makes with `newId()` before the row exists. */
export const idProperty = () => p.uuid().primary();

/** A moment in UTC with milliseconds, on both engines. */
export const moment = () => p.datetime(3);

import type * as z from 'zod';

/** @param fallback the default as a person reads it; empty for none */
export function described<T extends z.ZodType>(schema: T, fallback: string, description: string): T {
  return schema.meta({ description, fallback });
}

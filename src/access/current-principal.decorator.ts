import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { tokenMissing } from './access.errors.js';
import type { Principal } from './principal.js';
import { principalOf } from './request-principal.js';

/** The caller of a guarded method. On a `@Public()` one there is none, and asking for it is refused. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const principal = principalOf(context);
  if (!principal) throw tokenMissing();
  return principal;
});

import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { accessRuleOf } from './access-rule.js';
import { tokenMissing } from './access.errors.js';
import type { Principal } from './principal.js';
import { principalOf } from './request-principal.js';

/**
 * The caller of a guarded method. On a `@Public()` one there is none, and asking for it is refused, also when another
 * field of the same document has established one.
 */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const isPublic = accessRuleOf(context.getHandler())?.kind === 'public';
  const principal = isPublic ? undefined : principalOf(context);
  if (!principal) throw tokenMissing();
  return principal;
});

import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { accessRuleOf } from '../access/access-rule.js';
import { tokenMissing } from '../access/access.errors.js';
import { clientOf, requestOf } from '../access/request.js';
import { principalOf } from '../access/request-principal.js';
import type { Authority } from './authority.js';

/** In whose name a guarded method administers: its caller, under the access rule of the method. */
export const CurrentAuthority = createParamDecorator((_: unknown, context: ExecutionContext): Authority => {
  const rule = accessRuleOf(context.getHandler());
  const principal = principalOf(context);
  if (!rule || rule.kind === 'public' || !principal) throw tokenMissing();
  return { caller: { principal, client: clientOf(requestOf(context)), rule } };
});

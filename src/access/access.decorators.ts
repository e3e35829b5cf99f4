import { Directive } from '@nestjs/graphql';
import { type AccessRule, attachAccessRule } from './access-rule.js';
import { authDirectiveOf } from './auth.directive.js';
import type { Permission } from './permissions.js';

/** Anybody may call it; an Authorization header, good or bad, is not looked at. */
export const Public = (): MethodDecorator => rule({ kind: 'public' });

/** Any signed-in caller. */
export const Authenticated = (): MethodDecorator => rule({ kind: 'authenticated' });

/** Signed-in callers that hold at least one of the roles. */
export const Roles = (...roles: [string, ...string[]]): MethodDecorator => rule({ kind: 'roles', roles });

/** Signed-in callers whose roles hold all of the permissions. */
export const Permissions = (...permissions: [Permission, ...Permission[]]): MethodDecorator =>
  rule({ kind: 'permissions', permissions });

/**
 * Guards run on methods only. A rule on a plain `@Field()` property would be printed and never enforced, so it
 * stops the program while the class is being defined.
 */
function rule(accessRule: AccessRule): MethodDecorator {
  return (target, key, descriptor) => {
    const name = `${target.constructor.name}.${String(key)}`;
    const method: unknown = (descriptor as PropertyDescriptor | undefined)?.value;
    if (typeof method !== 'function') {
      throw new Error(
        `${name} is a property: no guard runs there. Write a @ResolveField() method and put the rule on it.`,
      );
    }
    attachAccessRule(method, accessRule, name);
    const directive = authDirectiveOf(accessRule);
    if (directive) Directive(directive)(target, key, descriptor);
  };
}

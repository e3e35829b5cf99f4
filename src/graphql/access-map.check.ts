import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { isObjectType } from 'graphql';
import { accessRuleOf } from '../access/access-rule.js';
import { hasAuthDirective } from '../access/auth.directive.js';
import { AccessMap, type ResolverMethod, ROOT_TYPES } from '../auth/access-map.js';

/**
 * Refuses to boot when a field could be reached without a decision: a root field or HTTP route without an access rule,
 * an `@auth` in the schema that no guarded method stands behind, or a resolver that the framework is known to call
 * without its guards (a subclass, or one made by a factory: @nestjs/graphql advisories before 14.2).
 */
@Injectable()
export class AccessMapCheck implements OnApplicationBootstrap {
  constructor(
    private readonly map: AccessMap,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly schemaHost: GraphQLSchemaHost,
  ) {}

  onApplicationBootstrap(): void {
    const methods = this.map.methods();
    const guarded = new Set(methods.flatMap(({ coordinate, rule }) => (rule ? coordinate : [])));
    const problems = [
      ...methods.flatMap(ruleProblem),
      ...[...new Set(methods.map(({ provider }) => provider))].flatMap(classProblem),
      ...this.discovery.getControllers().flatMap((wrapper) => this.routeProblems(wrapper)),
      ...this.schemaProblems(guarded),
    ];
    if (problems.length > 0) throw new Error(`Access rules are incomplete:\n- ${problems.join('\n- ')}`);
  }

  private routeProblems({ instance }: InstanceWrapper): string[] {
    const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const method = prototype[name];
      const isOpen = method && Reflect.hasMetadata(PATH_METADATA, method) && !accessRuleOf(method);
      return isOpen ? [`route ${prototype.constructor.name}.${name} carries no access rule`] : [];
    });
  }

  private schemaProblems(guarded: ReadonlySet<string>): string[] {
    const types = Object.values(this.schemaHost.schema.getTypeMap()).filter(isObjectType);
    return types
      .filter(({ name }) => !name.startsWith('__'))
      .flatMap((type) => Object.values(type.getFields()).map((field) => ({ type: type.name, field })))
      .filter(({ type, field }) => ROOT_TYPES.has(type) || hasAuthDirective(field))
      .map(({ type, field }) => `${type}.${field.name}`)
      .filter((coordinate) => !guarded.has(coordinate))
      .map((coordinate) => `${coordinate} is in the schema but no guarded resolver method stands behind it`);
  }
}

function ruleProblem({ coordinate, rule, method }: ResolverMethod): string[] {
  const isRoot = ROOT_TYPES.has(coordinate.split('.')[0] ?? '');
  return isRoot && !rule ? [`${coordinate} (${method}) carries no access rule`] : [];
}

function classProblem({ instance, isNotMetatype, name }: InstanceWrapper): string[] {
  const prototype: unknown = Object.getPrototypeOf(instance);
  const isPlainClass = Object.getPrototypeOf(prototype) === Object.prototype && !isNotMetatype;
  return isPlainClass ? [] : [`${name} is a resolver but not a plain class`];
}

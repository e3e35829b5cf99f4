/** @jest-environment node */
import { Controller, Get, Injectable, Module, type Type } from '@nestjs/common';
import { Directive, Field, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Authenticated, Permissions, Public, Roles } from '../../src/access/access.decorators.js';
import { UserModel } from '../../src/users/user.model.js';
import { TestServer } from '../support/test-server.js';

@Resolver()
class OpenResolver {
  @Query(() => String)
  open(): string {
    return 'nobody decided who may read this';
  }
}

@Resolver(() => UserModel)
class PrintedOnlyResolver {
  @ResolveField(() => String, { nullable: true })
  @Directive('@auth(permissions: ["users:read"])')
  secret(): string {
    return 'printed as restricted, restricted by nobody';
  }
}

@ObjectType()
class PrintedOnlyModel {
  @Field(() => String, { nullable: true })
  @Directive('@auth')
  note?: string;
}

@Resolver()
class PrintedOnlyModelResolver {
  @Query(() => PrintedOnlyModel)
  @Public()
  printedOnly(): PrintedOnlyModel {
    return { note: 'no method stands behind it' };
  }
}

class BaseResolver {
  @Query(() => String)
  @Roles('admin')
  inherited(): string {
    return 'guards may not run here';
  }
}

@Resolver()
class DerivedResolver extends BaseResolver {}

@Resolver()
class FactoryResolver {
  @Query(() => String)
  @Authenticated()
  made(): string {
    return 'made by a factory';
  }
}

@Controller('open')
class OpenController {
  @Get()
  read(): string {
    return 'nobody decided who may read this';
  }
}

@Injectable()
class NoResolver {
  harmless(): void {
    // A provider that is no resolver needs no rule.
  }
}

const withProvider = (provider: object): Type => {
  @Module({ providers: [provider as Type, NoResolver] })
  class ForkModule {}
  return ForkModule;
};

@Module({ controllers: [OpenController] })
class OpenControllerModule {}

describe('the server refuses to boot', () => {
  it.each([
    [
      'a root field without a rule',
      withProvider(OpenResolver),
      'Query.open (OpenResolver.open) carries no access rule',
    ],
    [
      'an @auth without a rule on a field resolver',
      withProvider(PrintedOnlyResolver),
      'User.secret is in the schema but no guarded',
    ],
    [
      'an @auth on a plain field',
      withProvider(PrintedOnlyModelResolver),
      'PrintedOnlyModel.note is in the schema but no guarded',
    ],
    [
      'a resolver that extends a class',
      withProvider(DerivedResolver),
      'DerivedResolver is a resolver but not a plain class',
    ],
    [
      'a resolver that a factory makes',
      withProvider({ provide: FactoryResolver, useFactory: () => new FactoryResolver() }),
      'FactoryResolver is a resolver but not a plain class',
    ],
    [
      'a resolver that is a value',
      withProvider({ provide: FactoryResolver, useValue: new FactoryResolver() }),
      'FactoryResolver is a resolver but not a plain class',
    ],
    ['a route without a rule', OpenControllerModule, 'route OpenController.read carries no access rule'],
  ])('on %s, and names it', async (_, module, message) => {
    await expect(TestServer.start({ imports: [module] })).rejects.toThrow(message);
  });
});

describe('a class refuses to be defined', () => {
  it('with two rules on one method', () => {
    expect(() => {
      class TwoRules {
        @Public()
        @Authenticated()
        field(): void {
          // Which of the two would hold?
        }
      }
      return TwoRules;
    }).toThrow('TwoRules.field carries two access rules');
  });

  it('with a rule on a property, where no guard runs', () => {
    expect(() => {
      class RuleOnProperty {
        // What a project in plain JavaScript could write; TypeScript refuses it by itself.
        @(Permissions('users:read') as PropertyDecorator)
        field?: string;
      }
      return RuleOnProperty;
    }).toThrow('RuleOnProperty.field is a property: no guard runs there');
  });
});

import { EntityManager } from '@mikro-orm/core';
import {
  ConflictException,
  Controller,
  Get,
  HttpException,
  Module,
  NotFoundException,
  Param,
  ServiceUnavailableException,
} from '@nestjs/common';
import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Authenticated, Permissions, Public, Roles } from '../../src/access/access.decorators.js';
import { CurrentPrincipal } from '../../src/access/current-principal.decorator.js';
import type { Principal } from '../../src/access/principal.js';
import { HoldsAtMost } from '../../src/paging/list-bound.js';
import { Role } from '../../src/roles/role.entity.js';
import { User } from '../../src/users/user.entity.js';
import { UserModel } from '../../src/users/user.model.js';

/** What the message of a fault may hold, and a client must never see. */
export const FAULT_CANARY = 'canary-9d1f /srv/app/node_modules/pg select * from users';

/** A resolver as a team that forks Latchkey would write it, and a few that go wrong. */
@Resolver()
class ForkResolver {
  constructor(private readonly em: EntityManager) {}

  @Query(() => String)
  @Roles('admin')
  adminReport(): string {
    return 'all is well';
  }

  @Mutation(() => Boolean)
  @Roles('admin', 'auditor')
  adminAction(): boolean {
    return true;
  }

  @Query(() => [UserModel])
  @Permissions('users:read')
  everybody(): Promise<User[]> {
    return this.em.find(User, {}, { orderBy: { createdAt: 'asc', id: 'asc' } });
  }

  /** Public, so that restricted fields below it have to ask for themselves. */
  @Query(() => [UserModel])
  @HoldsAtMost(20)
  @Public()
  publicDirectory(): Promise<User[]> {
    return this.em.find(User, {}, { orderBy: { createdAt: 'asc', id: 'asc' } });
  }

  @Query(() => String)
  @Authenticated()
  whoAmI(@CurrentPrincipal() principal: Principal): string {
    return principal.userId;
  }

  @Query(() => String, { nullable: true })
  @Public()
  fails(@Args('how') how: string): string {
    throw failures[how]?.() ?? new Error(FAULT_CANARY);
  }

  @Mutation(() => Boolean, { nullable: true })
  @Public()
  async breaksConstraint(): Promise<boolean> {
    await this.em.fork().insert(Role, { name: 'admin', permissions: [FAULT_CANARY], createdAt: new Date() });
    return true;
  }
}

/** The root fields of the fork. */
export const FORK_FIELDS = Object.getOwnPropertyNames(ForkResolver.prototype);

/** HTTP routes beside GraphQL, guarded by the same decorators. */
@Controller('fork')
class ForkController {
  @Get('report')
  @Roles('admin')
  report(): { text: string } {
    return { text: 'all is well' };
  }

  @Get('fails/:how')
  @Public()
  fails(@Param('how') how: string): never {
    throw failures[how]?.() ?? new Error(FAULT_CANARY);
  }
}

const failures: Record<string, () => Error> = {
  notFound: () => new NotFoundException('No such report.'),
  conflict: () => new ConflictException({ message: 'The report is being written.', secret: FAULT_CANARY }),
  tooMany: () => new HttpException('Slow down.', 429),
  unavailable: () => new ServiceUnavailableException('The printer is on fire.'),
  teapot: () => new HttpException(FAULT_CANARY, 418),
};

@Module({ providers: [ForkResolver], controllers: [ForkController] })
export class ForkModule {}

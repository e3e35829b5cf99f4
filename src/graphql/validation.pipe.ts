import { ValidationPipe } from '@nestjs/common';
import { instanceToPlain, plainToInstance } from 'class-transformer';
import type { ValidationError } from 'class-validator';
import { validate } from 'class-validator';
import { AppError, type FieldProblem } from '../common/app-error.js';
import { ErrorAction, ErrorCode, ErrorReason } from '../common/error-codes.js';
import { ACCEPTABLE_PASSWORD } from '../passwords/acceptable-password.decorator.js';

/** Applies the validators of the input classes. Every problem is answered at once, by path and without its value. */
export const createValidationPipe = (): ValidationPipe =>
  new ValidationPipe({
    transform: true,
    stopAtFirstError: true,
    exceptionFactory: badUserInput,
    // Nest would look for the packages by their names, which are not those of the bundle, and take all of them.
    transformerPackage: { plainToInstance, classToPlain: instanceToPlain },
    validatorPackage: { validate },
  });

function badUserInput(errors: ValidationError[]): AppError {
  const fields = errors.flatMap((error) => problemsOf(error, 'input'));
  const message = fields.map((field) => `${field.path}: ${field.message}`).join('; ');
  const isWeakPassword = errors.some(({ constraints }) => constraints && ACCEPTABLE_PASSWORD in constraints);
  return new AppError(ErrorCode.BAD_USER_INPUT, message, {
    action: ErrorAction.FIX_INPUT,
    fields,
    ...(isWeakPassword && { reason: ErrorReason.WEAK_PASSWORD }),
  });
}

/** By convention every operation calls its input object `input`. */
function problemsOf({ property, constraints, children }: ValidationError, parent: string): FieldProblem[] {
  const path = `${parent}.${property}`;
  const own = Object.values(constraints ?? {}).map((message) => ({ path, message }));
  return [...own, ...(children ?? []).flatMap((child) => problemsOf(child, path))];
}

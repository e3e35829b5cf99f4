import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsOptional, MaxLength, ValidateBy } from 'class-validator';
import { canonicalLocale } from '../common/locale.js';
import { isDisplayName, NAME_MAX_LENGTH, NAME_NOT_VISIBLE, NAME_TOO_LONG } from './display-name.js';

const trimmed = ({ value }: { value: unknown }): unknown => (typeof value === 'string' ? value.trim() : value);

/** On an optional field of an input class: the name that a user is called by. */
export function DisplayName(): PropertyDecorator {
  return applyDecorators(
    Transform(trimmed),
    IsOptional(),
    MaxLength(NAME_MAX_LENGTH, { message: NAME_TOO_LONG }),
    ValidateBy({ name: 'displayName', validator: { validate: isDisplayName, defaultMessage: () => NAME_NOT_VISIBLE } }),
  );
}

/** On an optional field of an input class: a language tag, which arrives in its canonical spelling. */
export function Locale(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? (canonicalLocale(value) ?? '') : value)),
    IsOptional(),
    ValidateBy({
      name: 'locale',
      validator: {
        validate: (value: unknown) => value !== '',
        defaultMessage: () => 'must be a language tag (BCP 47)',
      },
    }),
  );
}

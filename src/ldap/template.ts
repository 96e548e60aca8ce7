import type { AttributeSlots } from './attribute-slots.ts';
import type { Template } from './types.ts';

/** Names that stand for something else than an attribute. */
const reserved = ['address', 'local_part', 'domain', 'primary'] as const;
export type Reserved = (typeof reserved)[number];

export type Part =
  | { readonly kind: 'text'; readonly bytes: Buffer }
  | { readonly kind: Reserved }
  | { readonly kind: 'attribute'; readonly slot: number; readonly name: string };

/** A template whose attributes have their slots. */
export interface CompiledTemplate {
  readonly parts: readonly Part[];
  /** Whether its text depends on which of the recipient's addresses is meant. */
  readonly usesAddress: boolean;
}

/** The key and the value templates of a selection don't go together. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/**
 * Checks what a table source asks for, before any server is asked.
 *
 * @throws TemplateError
 */
export function checkTemplates(key: Template, value: Template): void {
  const placeholders = key.filter((part) => typeof part !== 'string');
  if (placeholders.length === 0) throw new TemplateError('the key is the same for every recipient');
  if (usesAddress(value) && !usesAddress(key)) {
    throw new TemplateError('the value names an address, local_part or domain that the key does not choose');
  }
}

/** The attributes that templates name. */
export function attributesOf(...templates: readonly Template[]): string[] {
  return templates
    .flat()
    .filter((part) => typeof part !== 'string')
    .map((part) => part.name)
    .filter((name) => !isReserved(name));
}

/** Whether a template needs the recipient's addresses. */
export function usesAddresses(template: Template): boolean {
  return template.some((part) => typeof part !== 'string' && isReserved(part.name));
}

export function compileTemplate(template: Template, slots: AttributeSlots): CompiledTemplate {
  const parts = template.map((part): Part => {
    if (typeof part === 'string') return { kind: 'text', bytes: Buffer.from(part) };
    if (isReserved(part.name)) return { kind: part.name };
    return { kind: 'attribute', slot: slots.add(part.name), name: part.name };
  });
  return { parts, usesAddress: usesAddress(template) };
}

function usesAddress(template: Template): boolean {
  return template.some(
    (part) => typeof part !== 'string' && isReserved(part.name) && part.name !== 'primary',
  );
}

function isReserved(name: string): name is Reserved {
  return reserved.some((word) => word === name);
}

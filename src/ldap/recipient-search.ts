import { Addresses, type AddressSlot } from './addresses.ts';
import { AttributeSlots } from './attribute-slots.ts';
import type { Patience } from './changes/patience.ts';
import { EntryColumns } from './entry-columns.ts';
import { decodeEntryObject, type EntryObject } from './entry-object.ts';
import type { ServerKind } from './matching-rules.ts';
import { idAttribute, ObjectIds } from './object-id.ts';
import type { Outbox } from './outbox.ts';
import { completeRanges } from './ranges.ts';
import { RecipientWriter } from './recipient.ts';
import type { Schema } from './schema.ts';
import type { SearchParameters } from './search-request.ts';
import type { Session } from './session.ts';
import { attributesOf, usesAddresses } from './template.ts';
import type { DirectorySettings, IdForm, Selection, SelectionReport } from './types.ts';

/** One extraction from one server: what its searches have in common. */
export interface Attempt {
  readonly session: Session;
  readonly settings: DirectorySettings;
  readonly selections: readonly Selection[];
  readonly sink: Outbox;
  readonly server: ServerKind;
  readonly schema: Schema | undefined;
  readonly progress: ((entries: number) => void) | undefined;
  /** Objects received. */
  entries: number;
  /** Of searches with several filters: how long they may go on. */
  patience: Patience | undefined;
  /** Of those that were recipients. */
  idForm: IdForm | undefined;
  /** In the order of the selections. */
  readonly reports: SelectionReport[];
}

/** Says which selections the entry belongs to, by calling `write` with their numbers. */
export type Route = (entry: EntryColumns, write: (selection: number) => void) => void;

/** A paged search whose entries become recipients of some of the selections. */
export class RecipientSearch {
  /** The attributes asked for. More may be added until the search runs. */
  readonly slots: AttributeSlots;
  readonly #attempt: Attempt;
  readonly #numbers: readonly number[];
  readonly #addressSlots: readonly AddressSlot[];
  readonly #idSlot: number;

  /** @param numbers the selections that may get recipients */
  constructor(attempt: Attempt, numbers: readonly number[]) {
    this.#attempt = attempt;
    this.#numbers = numbers;
    this.slots = new AttributeSlots(attempt.schema);
    this.#idSlot = this.slots.add(idAttribute(attempt.settings, attempt.server));
    const templates = numbers.flatMap((number) => {
      const { key, value } = attempt.selections[number];
      return [key, value];
    });
    this.#addressSlots = templates.some(usesAddresses) ? this.#slotsOfAddresses() : [];
    for (const name of attributesOf(...templates)) this.slots.add(name);
  }

  /**
   * @param filters encoded; they are asked for one after the other
   * @throws DirectoryError; TooSlow where the attempt has no patience for all of them
   */
  async run(filters: readonly Buffer[], route: Route): Promise<void> {
    const { sink } = this.#attempt;
    const entry = new EntryColumns(this.slots, this.#attempt.session.memory);
    const ids = new ObjectIds(entry, this.#idSlot);
    const writers = this.#writers(entry);
    let announced = 0;
    const write = (number: number) => {
      if (entry.serial !== announced) {
        announced = entry.serial;
        sink.object(ids.read(), entry.bytes, entry.dnStart, entry.dnEnd);
      }
      writers.get(number)?.write();
    };
    for (const [i, filter] of filters.entries()) {
      const started = performance.now();
      await this.#search(filter, entry, () => route(entry, write));
      this.#attempt.patience?.spend(performance.now() - started, filters.length - i - 1);
    }
    sink.flush();
    this.#attempt.idForm = ids.form ?? this.#attempt.idForm;
    for (const [number, writer] of writers) this.#attempt.reports[number] = writer.report;
  }

  async #search(filter: Buffer, entry: EntryColumns, onEntry: () => void): Promise<void> {
    const { session, progress } = this.#attempt;
    const parameters = recipientParameters(this.#attempt, filter, this.slots.names);
    const incomplete: EntryObject[] = [];
    await session.search(
      parameters,
      (bytes, start, end) => {
        this.#attempt.entries++;
        entry.decode(bytes, start, end);
        if (entry.openRanges.length > 0) incomplete.push(decodeEntryObject(bytes, start, end));
        else onEntry();
      },
      () => progress?.(this.#attempt.entries),
    );
    for (const object of incomplete) {
      const whole = await completeRanges(session, parameters, object);
      entry.decode(whole, 0, whole.length);
      onEntry();
    }
  }

  #slotsOfAddresses(): AddressSlot[] {
    const { settings, schema } = this.#attempt;
    const slots = new Map<number, AddressSlot>();
    for (const name of addressAttributes(settings, schema)) {
      const slot = this.slots.add(name);
      slots.set(slot, { slot, needsPrefix: name.toLowerCase() === 'proxyaddresses' });
    }
    return [...slots.values()];
  }

  #writers(entry: EntryColumns): Map<number, RecipientWriter> {
    const { selections, sink } = this.#attempt;
    const addresses = new Addresses(entry, this.#addressSlots);
    const writers = new Map<number, RecipientWriter>();
    for (const number of this.#numbers) {
      const writer = new RecipientWriter(number, selections[number], this.slots, entry, addresses, sink);
      writers.set(number, writer);
    }
    return writers;
  }
}

/** Those that are asked for: as configured, and of the usual ones those that the server knows, or the first. */
export function addressAttributes(
  { addressAttributes, areUsualAttributes }: DirectorySettings,
  schema: Schema | undefined,
): readonly string[] {
  if (!areUsualAttributes || schema === undefined) return addressAttributes;
  const known = addressAttributes.filter((name) => schema.attribute(name) !== undefined);
  return known.length > 0 ? known : addressAttributes.slice(0, 1);
}

/** A paged search below the directory's base. */
export function recipientParameters(
  { settings }: Pick<Attempt, 'settings'>,
  filter: Buffer,
  attributes: readonly string[],
): SearchParameters & { readonly pageSize: number } {
  return {
    base: settings.base,
    scope: 'sub',
    filter,
    attributes,
    timeLimit: timeLimitOf(settings),
    pageSize: settings.pageSize,
  };
}

/** The operation timeout in seconds, as a search request has it. */
export function timeLimitOf(settings: DirectorySettings): number {
  return Math.ceil(settings.operationTimeout / 1000);
}

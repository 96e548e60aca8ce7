import { acceptedDomainFault, addressFault, lowerCaseAscii } from './address.ts';
import { type Addresses, isSmtp, SMTP_LENGTH } from './addresses.ts';
import type { AttributeSlots } from './attribute-slots.ts';
import { DomainSet } from './domain-set.ts';
import type { EntryBatch } from './entry-batch.ts';
import type { EntryColumns } from './entry-columns.ts';
import type { Outbox } from './outbox.ts';
import { printable, printableDn } from './printable.ts';
import { type CompiledTemplate, checkTemplates, compileTemplate, type Part } from './template.ts';
import type { Selection, SelectionReport } from './types.ts';

/** What exim_dbmbuild takes. */
const MAX_KEY = 255;
/** Fits a line of a `.dat`, which has at most 19,998 bytes, behind any key, even one that has to be escaped. */
const MAX_VALUE = 18_900;

const NONE = -1;
const SPACE = 0x20;

/** A piece of text that can't be used, with what is wrong with it. */
interface Fault {
  readonly value: string;
  readonly reason: string;
}

/**
 * Turns the recipients of one selection into entries.
 *
 * - With `{address}`, `{local_part}` or `{domain}` in the key, there is one entry for each SMTP address in one of the domains
 *   that the selection takes. `{primary}` may be in any domain.
 * - With an attribute in the key and none of these, there is one entry for each of its values; where the key names several
 *   attributes, for each value of the first. The value template means the same one.
 * - Elsewhere an attribute with several values stands for the smallest by bytes: the order of an answer decides nothing.
 *
 * Keys are lower-cased (ASCII letters only). What can't be an address or stand in a `.dat` file is rejected and stops nothing else.
 */
export class RecipientWriter {
  readonly #selection: number;
  readonly #outbox: Outbox;
  readonly #entries: EntryBatch;
  readonly #addresses: Addresses;
  readonly #domains: DomainSet | undefined;
  readonly #key: CompiledTemplate;
  readonly #value: CompiledTemplate;
  /** The attribute that gives an entry for each of its values, or NONE. */
  readonly #keySlot: number;
  readonly #keyIsAddress: boolean;
  readonly #keyIsDomain: boolean;
  readonly #valueIsShared: boolean;
  readonly #valueIsPrimary: boolean;

  #entry: EntryColumns;
  /** Which address, and which value of `#keySlot`, the templates mean. */
  #address = NONE;
  #keyValue = NONE;
  /** Where the entry in hand is in the scratch buffer. */
  #keyStart = 0;
  #keyEnd = 0;
  #valueStart = 0;
  #valueEnd = 0;
  /** Whether the value is worked out that all entries of the recipient share. */
  #isValueShared = false;
  #recipients = 0;
  #otherDomains = 0;
  #otherKinds = 0;

  constructor(
    number: number,
    selection: Selection,
    slots: AttributeSlots,
    entry: EntryColumns,
    addresses: Addresses,
    outbox: Outbox,
  ) {
    checkTemplates(selection.key, selection.value);
    this.#selection = number;
    this.#outbox = outbox;
    this.#entries = outbox.entries(number);
    this.#entry = entry;
    this.#addresses = addresses;
    this.#domains = selection.domains && new DomainSet(entry, selection.domains);
    this.#key = compileTemplate(selection.key, slots);
    this.#value = compileTemplate(selection.value, slots);
    const attribute = this.#key.parts.find((part) => part.kind === 'attribute');
    this.#keySlot = attribute === undefined || this.#key.usesAddress ? NONE : attribute.slot;
    this.#keyIsDomain = selection.keys === 'domains';
    this.#keyIsAddress = isOnly(this.#key, 'address');
    this.#valueIsPrimary = isOnly(this.#value, 'primary');
    this.#valueIsShared =
      !this.#value.usesAddress &&
      !this.#value.parts.some((part) => part.kind === 'attribute' && part.slot === this.#keySlot);
  }

  get report(): SelectionReport {
    return {
      recipients: this.#recipients,
      otherDomains: this.#otherDomains,
      otherKinds: this.#otherKinds,
    };
  }

  /** Adds the entries of the recipient that was decoded last to those that were found. */
  write(): void {
    this.#recipients++;
    this.#isValueShared = false;
    this.#address = NONE;
    this.#keyValue = NONE;
    this.#addresses.read();
    if (this.#key.usesAddress) this.#writeAddresses();
    else if (this.#keySlot !== NONE) this.#writeValues();
    else this.#writeEntry();
  }

  /** What has no `@` is in no domain: every selection hears of it. */
  #writeAddresses(): void {
    const addresses = this.#addresses;
    this.#otherKinds += addresses.otherKinds;
    if (this.#keyIsAddress && this.#valueIsShared && addresses.areUsable && !this.#renderValue()) {
      const { number } = this.#outbox;
      this.#otherDomains += this.#entries.addAddresses(
        addresses,
        this.#domains,
        this.#valueStart,
        this.#valueEnd,
        number,
      );
      return;
    }
    for (let from = 0; from < addresses.count; from++) {
      const to = this.#domains?.findElsewhere(addresses, from) ?? addresses.count;
      if (!this.#writeWanted(from, to)) return;
      if (to < addresses.count) this.#otherDomains++;
      from = to;
    }
  }

  /** @returns false when no further entry of the recipient can succeed */
  #writeWanted(start: number, end: number): boolean {
    const { faults, areUsable } = this.#addresses;
    let from = start;
    for (let i = start; i < end && !areUsable; i++) {
      const fault = faults[i];
      if (fault === undefined) continue;
      if (!this.#writeKeys(from, i)) return false;
      this.#reject(this.#addressText(i), fault);
      from = i + 1;
    }
    return this.#writeKeys(from, end);
  }

  /** @returns false when no further entry of the recipient can succeed */
  #writeKeys(from: number, to: number): boolean {
    if (from === to) return true;
    if (this.#keyIsAddress && this.#valueIsShared) {
      if (!this.#shareValue()) return false;
      const { number } = this.#outbox;
      this.#entries.addKeys(this.#addresses, from, to, this.#valueStart, this.#valueEnd, number);
      return true;
    }
    for (let i = from; i < to; i++) {
      this.#address = i;
      if (!this.#writeEntry()) return false;
    }
    return true;
  }

  #writeValues(): void {
    const first = this.#entry.first[this.#keySlot];
    const count = this.#entry.count[this.#keySlot];
    if (count === 0) this.#writeEntry();
    for (let i = first; i < first + count; i++) {
      this.#keyValue = i;
      if (!this.#writeEntry()) return;
    }
  }

  /** @returns false when no further entry of the recipient can succeed */
  #writeEntry(): boolean {
    if (this.#valueIsShared && !this.#shareValue()) return false;
    const { scratch } = this.#addresses;
    const before = scratch.used;
    const fault = (this.#valueIsShared ? undefined : this.#renderValue()) ?? this.#renderKey();
    if (fault === undefined) {
      this.#entries.add(
        this.#addresses,
        this.#keyStart,
        this.#keyEnd,
        this.#valueStart,
        this.#valueEnd,
        this.#outbox.number,
      );
    } else {
      this.#reject(fault.value, fault.reason);
    }
    scratch.used = before;
    return true;
  }

  /** Works out the value that all entries of the recipient share. @returns false when it can't be used */
  #shareValue(): boolean {
    if (this.#isValueShared) return true;
    const fault = this.#renderValue();
    if (fault !== undefined) this.#reject(fault.value, fault.reason);
    this.#isValueShared = fault === undefined;
    return this.#isValueShared;
  }

  #renderValue(): Fault | undefined {
    const { scratch, primary, start, end } = this.#addresses;
    if (this.#valueIsPrimary) {
      const fault = this.#primaryFault();
      this.#valueStart = start[primary];
      this.#valueEnd = end[primary];
      return fault;
    }
    this.#valueStart = scratch.used;
    const fault = this.#render(this.#value) ?? this.#valueFault(this.#valueStart);
    this.#valueEnd = scratch.used;
    return fault;
  }

  #renderKey(): Fault | undefined {
    const { scratch, start, end } = this.#addresses;
    if (this.#keyIsAddress) {
      this.#keyStart = start[this.#address];
      this.#keyEnd = end[this.#address];
      return undefined;
    }
    this.#keyStart = scratch.used;
    const fault = this.#render(this.#key) ?? this.#keyFault(this.#keyStart);
    this.#keyEnd = scratch.used;
    return fault;
  }

  /** Appends the text of a template to the scratch buffer. */
  #render(template: CompiledTemplate): Fault | undefined {
    for (const part of template.parts) {
      const fault = this.#renderPart(part);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #renderPart(part: Part): Fault | undefined {
    const addresses = this.#addresses;
    const { scratch } = addresses;
    const i = this.#address;
    switch (part.kind) {
      case 'text':
        scratch.append(part.bytes, 0, part.bytes.length);
        return undefined;
      case 'address':
        scratch.append(scratch.bytes, addresses.start[i], addresses.end[i]);
        return undefined;
      case 'local_part':
        scratch.append(scratch.bytes, addresses.start[i], addresses.at[i]);
        return undefined;
      case 'domain':
        scratch.append(scratch.bytes, addresses.at[i] + 1, addresses.end[i]);
        return undefined;
      case 'primary':
        return this.#renderPrimary();
      case 'attribute':
        return this.#renderAttribute(part.slot, part.name);
    }
  }

  #renderPrimary(): Fault | undefined {
    const { primary, scratch, start, end } = this.#addresses;
    const fault = this.#primaryFault();
    if (fault === undefined) scratch.append(scratch.bytes, start[primary], end[primary]);
    return fault;
  }

  #primaryFault(): Fault | undefined {
    const { primary, faults } = this.#addresses;
    if (primary === NONE) return { value: '', reason: 'no primary address' };
    if (faults[primary] === undefined) return undefined;
    return { value: this.#addressText(primary), reason: `the primary address: ${faults[primary]}` };
  }

  #renderAttribute(slot: number, name: string): Fault | undefined {
    const entry = this.#entry;
    const { scratch } = this.#addresses;
    const i = slot === this.#keySlot && this.#keyValue !== NONE ? this.#keyValue : this.#smallestValue(slot);
    if (i === NONE) return { value: '', reason: `no ${name}` };
    const { bytes } = entry;
    const start = entry.valueStart[i];
    const end = entry.valueEnd[i];
    if (!isSmtp(bytes, start, end)) {
      scratch.append(bytes, start, end);
      return undefined;
    }
    if (scratch.appendAddress(bytes, start + SMTP_LENGTH, end)) return undefined;
    const at = scratch.used;
    scratch.append(bytes, start + SMTP_LENGTH, end);
    lowerCaseAscii(scratch.bytes, at, scratch.used);
    const reason = addressFault(scratch.bytes, at, scratch.used);
    return reason === undefined
      ? undefined
      : { value: printable(bytes, start, end), reason: `${name}: ${reason}` };
  }

  /** The index of a value, or NONE where there is none but empty ones. */
  #smallestValue(slot: number): number {
    const { bytes, first, count, valueStart, valueEnd } = this.#entry;
    let smallest = NONE;
    for (let i = first[slot]; i < first[slot] + count[slot]; i++) {
      if (valueEnd[i] === valueStart[i]) continue;
      if (smallest === NONE) smallest = i;
      else if (
        Buffer.compare(
          bytes.subarray(valueStart[i], valueEnd[i]),
          bytes.subarray(valueStart[smallest], valueEnd[smallest]),
        ) < 0
      ) {
        smallest = i;
      }
    }
    return smallest;
  }

  #keyFault(start: number): Fault | undefined {
    const { bytes, used } = this.#addresses.scratch;
    lowerCaseAscii(bytes, start, used);
    const reason =
      used === start
        ? 'an empty key'
        : (this.#textFault(start, MAX_KEY) ??
          (this.#keyIsDomain ? acceptedDomainFault(bytes, start, used) : undefined));
    return reason === undefined
      ? undefined
      : { value: printable(bytes, start, used), reason: `the key: ${reason}` };
  }

  #valueFault(start: number): Fault | undefined {
    const { bytes, used } = this.#addresses.scratch;
    const reason = this.#textFault(start, MAX_VALUE);
    return reason === undefined
      ? undefined
      : { value: printable(bytes, start, used), reason: `the value: ${reason}` };
  }

  /** What keeps the text at the end of the scratch buffer out of a line of a `.dat` file. */
  #textFault(start: number, longest: number): string | undefined {
    const { bytes, used } = this.#addresses.scratch;
    if (used - start > longest) return `longer than ${longest} bytes`;
    if (start < used && (bytes[start] === SPACE || bytes[used - 1] === SPACE))
      return 'white space at its edge';
    const from = bytes.byteOffset;
    return this.#entry.loops.hasControl(from + start, from + used) ? 'a control character' : undefined;
  }

  #addressText(i: number): string {
    const { scratch, start, end } = this.#addresses;
    return printable(scratch.bytes, start[i], end[i]);
  }

  #reject(value: string, reason: string): void {
    const { bytes, dnStart, dnEnd } = this.#entry;
    this.#outbox.rejected(this.#selection, { dn: printableDn(bytes, dnStart, dnEnd), value, reason });
  }
}

function isOnly({ parts }: CompiledTemplate, kind: Part['kind']): boolean {
  return parts.length === 1 && parts[0].kind === kind;
}

import { type BerWriter, Control } from 'ldapts';

/** A request control with a value that is encoded already; undefined for one without a value. */
export class RequestControl extends Control {
  readonly #value: Buffer | undefined;

  constructor(oid: string, critical: boolean, value?: Buffer) {
    super(oid, { critical });
    this.#value = value;
  }

  override writeControl(writer: BerWriter): void {
    if (this.#value !== undefined) writer.writeBuffer(this.#value, 0x04);
  }
}

/** Lets a search of Active Directory find what is deleted, and the container of it. */
export const SHOW_DELETED = '1.2.840.113556.1.4.417';

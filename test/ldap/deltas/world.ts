import { Attribute, Change, type Client, Control, EqualityFilter, ResultCodeError } from 'ldapts';

interface Unit {
  name: string;
  /** The unit above it; undefined at the top. */
  readonly above: Unit | undefined;
}

interface Person {
  name: string;
  unit: Unit;
}

/** Sees what is deleted, too. */
const SHOW_DELETED = '1.2.840.113556.1.4.417';

/** A small directory that changes by LDAP, whatever the server; what can't be done just now is left out. */
export class World {
  #client: Client;
  readonly #base: string;
  readonly #idAttribute: string;
  readonly #units: Unit[] = [];
  readonly #people: Person[] = [];
  readonly #tombstones: string[] = [];
  #names = 0;
  /** The ids of what is deleted, in hexadecimal. */
  readonly deleted = new Set<string>();

  /** @param client may change everything below `base`, an organizational unit that is there */
  constructor(client: Client, base: string, idAttribute: string) {
    this.#client = client;
    this.#base = base;
    this.#idAttribute = idAttribute;
  }

  /** Goes on by another connection, perhaps with another server. */
  use(client: Client): void {
    this.#client = client;
  }

  async start(): Promise<void> {
    for (let i = 0; i < 3; i++) await this.addUnit(0);
    for (let i = 0; i < 6; i++) await this.addPerson(i, i);
  }

  /** Any of the changes below; `a` and `b` choose whose and to what. */
  async change(kind: number, a: number, b: number): Promise<void> {
    const changes = [
      () => this.addPerson(a, b),
      () => this.changeAddresses(a, b),
      () => this.changeAddresses(a, b),
      () => this.reroute(a, b),
      () => this.renamePerson(a),
      () => this.movePerson(a, b),
      () => this.deletePerson(a),
      () => this.recreatePerson(a, b),
      () => this.dropAddresses(a),
      () => this.renameUnit(a),
      () => this.addUnit(a),
      () => this.describeUnit(a),
      () => this.restorePerson(a, b),
    ];
    await changes[kind % changes.length]?.();
  }

  async addPerson(a: number, b: number): Promise<void> {
    const person = { name: this.#newName('p'), unit: pick(this.#units, a) };
    await this.#add(person, b);
    this.#people.push(person);
  }

  /** Somebody with an address that nobody else has. */
  async addNewcomer(a: number, isElsewhere: boolean): Promise<void> {
    const person = { name: this.#newName('n'), unit: pick(this.#units, a) };
    await this.#client.add(this.#dn(person), {
      objectClass: 'user',
      proxyAddresses: [`SMTP:${person.name}@example.org`],
      mailNickname: person.name,
      ...(isElsewhere ? { targetAddress: 'SMTP:elsewhere@example.org' } : {}),
    });
    this.#people.push(person);
  }

  changeAddresses(a: number, b: number): Promise<void> {
    return this.#replace(a, 'proxyAddresses', addresses(b));
  }

  dropAddresses(a: number): Promise<void> {
    return this.#replace(a, 'proxyAddresses', []);
  }

  reroute(a: number, b: number): Promise<void> {
    return this.#replace(a, 'targetAddress', b % 2 === 0 ? [] : [`SMTP:elsewhere${b % 5}@example.org`]);
  }

  async renamePerson(a: number): Promise<void> {
    if (this.#people.length === 0) return;
    const person = pick(this.#people, a);
    const name = this.#newName('r');
    await this.#client.modifyDN(this.#dn(person), `CN=${name}`);
    person.name = name;
  }

  async movePerson(a: number, b: number): Promise<void> {
    if (this.#people.length === 0) return;
    const person = pick(this.#people, a);
    const unit = pick(this.#units, b);
    await this.#client.modifyDN(this.#dn(person), `CN=${person.name},${this.#unitDn(unit)}`);
    person.unit = unit;
  }

  async deletePerson(a: number): Promise<Person | undefined> {
    if (this.#people.length === 0) return undefined;
    const [person] = this.#people.splice(a % this.#people.length, 1);
    if (person === undefined) return undefined;
    const dn = this.#dn(person);
    const id = await this.#idOf(dn);
    this.deleted.add(id);
    await this.#client.del(dn);
    this.#tombstones.push(id);
    return person;
  }

  /** The same object again, under another name and with addresses of its own; only on Active Directory. */
  async restorePerson(a: number, b: number): Promise<void> {
    if (this.#idAttribute !== 'objectGUID' || this.#tombstones.length === 0) return;
    const id = pick(this.#tombstones, a);
    const person = { name: this.#newName('t'), unit: pick(this.#units, b) };
    const showDeleted = [new Control(SHOW_DELETED, { critical: true })];
    const filter = new EqualityFilter({ attribute: this.#idAttribute, value: Buffer.from(id, 'hex') });
    const top = this.#base.replace(/^.*?(?=DC=)/i, '');
    const { searchEntries } = await this.#client.search(
      top,
      { filter, attributes: ['isDeleted'] },
      showDeleted,
    );
    const [found] = searchEntries;
    if (found === undefined) return;
    const changes: [Change['operation'], string, string[]][] = [
      ['delete', 'isDeleted', []],
      ['replace', 'distinguishedName', [this.#dn(person)]],
      ['replace', 'proxyAddresses', addresses(b)],
      ['replace', 'mailNickname', [`nick${b}`]],
    ];
    await this.#client.modify(
      found.dn,
      changes.map(
        ([operation, type, values]) =>
          new Change({ operation, modification: new Attribute({ type, values }) }),
      ),
      showDeleted,
    );
    this.#people.push(person);
    this.#tombstones.splice(this.#tombstones.indexOf(id), 1);
    this.deleted.delete(id);
  }

  /** Another object under the same name. */
  async recreatePerson(a: number, b: number): Promise<void> {
    const person = await this.deletePerson(a);
    if (person === undefined) return;
    await this.#add(person, b);
    this.#people.push(person);
  }

  async addUnit(a: number): Promise<void> {
    const above = this.#units.length < 3 ? undefined : pick(this.#units, a);
    const unit = { name: this.#newName('u'), above };
    await this.#client.add(this.#unitDn(unit), { objectClass: 'organizationalUnit' });
    this.#units.push(unit);
  }

  async renameUnit(a: number): Promise<void> {
    const unit = pick(this.#units, a);
    const name = this.#newName('v');
    try {
      await this.#client.modifyDN(this.#unitDn(unit), `OU=${name}`);
    } catch (error) {
      if (isNewestWithOthersBelow(error)) return;
      throw error;
    }
    unit.name = name;
  }

  async describeUnit(a: number): Promise<void> {
    await this.#modify(this.#unitDn(pick(this.#units, a)), 'description', [this.#newName('d')]);
  }

  async #add(person: Person, b: number): Promise<void> {
    await this.#client.add(this.#dn(person), {
      objectClass: b % 3 === 0 ? 'contact' : 'user',
      proxyAddresses: addresses(b),
      mailNickname: `nick${b}`,
      ...(b % 4 === 0 ? { targetAddress: 'SMTP:elsewhere@example.org' } : {}),
    });
  }

  async #replace(a: number, attribute: string, values: readonly string[]): Promise<void> {
    if (this.#people.length > 0) await this.#modify(this.#dn(pick(this.#people, a)), attribute, values);
  }

  async #modify(dn: string, type: string, values: readonly string[]): Promise<void> {
    const modification = new Attribute({ type, values: [...values] });
    await this.#client.modify(dn, [new Change({ operation: 'replace', modification })]);
  }

  async #idOf(dn: string): Promise<string> {
    const attribute = this.#idAttribute;
    const isBinary = attribute === 'objectGUID';
    const { searchEntries } = await this.#client.search(dn, {
      scope: 'base',
      attributes: [attribute],
      explicitBufferAttributes: isBinary ? [attribute] : [],
    });
    const value = searchEntries[0]?.[attribute];
    return Buffer.isBuffer(value) ? value.toString('hex') : String(value).replaceAll('-', '');
  }

  #newName(letter: string): string {
    return `${letter}${this.#names++}`;
  }

  #dn({ name, unit }: Person): string {
    return `CN=${name},${this.#unitDn(unit)}`;
  }

  #unitDn(unit: Unit): string {
    return `OU=${unit.name},${unit.above === undefined ? this.#base : this.#unitDn(unit.above)}`;
  }
}

/** From so few that two people often claim the same. */
function addresses(b: number): string[] {
  const names = [b % 7, (b * 3) % 11].map((n) => `name${n}@example.org`);
  const unique = [...new Set(names)];
  return unique.map((name, i) => `${i === 0 ? 'SMTP' : 'smtp'}:${name}`);
}

/**
 * slapd's back-mdb takes the newest entry of all for one that is new, and would have its id behind all others: with entries below it that
 * were moved there, the id is there already, and the rename fails and changes nothing.
 */
function isNewestWithOthersBelow(error: unknown): boolean {
  return error instanceof ResultCodeError && error.code === 80 && error.message.includes('DN index add');
}

function pick<T>(list: readonly T[], index: number): T {
  const found = list[index % list.length];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}

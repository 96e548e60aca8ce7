import { type BerReader, Control } from 'ldapts';

const WARNING = 0xa0;
const TIME_BEFORE_EXPIRATION = 0x80;
const GRACE_BINDS_REMAINING = 0x81;

/**
 * Asks for a word on the password with the answer to a bind, and reads it: the password policy control of
 * draft-behera-ldap-password-policy, which OpenLDAP (ppolicy), 389 Directory Server and others know. Whoever doesn't know it
 * passes it over.
 */
export class PasswordPolicyControl extends Control {
  /** Until the password ends, 0 when it has and the bind was let through for now. A server says it when its policy wants that. */
  secondsLeft: number | undefined;

  constructor() {
    super('1.3.6.1.4.1.42.2.27.8.5.1', { critical: false });
  }

  /** PasswordPolicyResponseValue ::= SEQUENCE { warning [0] CHOICE { … } OPTIONAL, error [1] … OPTIONAL } */
  override parseControl(reader: BerReader): void {
    try {
      if (reader.remain === 0 || reader.readSequence() === null || reader.peek() !== WARNING) return;
      reader.readSequence(WARNING);
      if (reader.peek() === GRACE_BINDS_REMAINING) this.secondsLeft = 0;
      else this.secondsLeft = reader.readTag(TIME_BEFORE_EXPIRATION) ?? undefined;
    } catch {
      // A hint that can't be read is none, and no reason to give up a bind that succeeded.
    }
  }
}

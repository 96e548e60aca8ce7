import type { Config } from '../../config/config.ts';
import { isDamage } from '../../state/mirror/damage.ts';
import { MirrorStore } from '../../state/mirror/store.ts';

/**
 * Opens what is known of the directories. Where it can't be written, nothing is remembered, and every extraction is a full one:
 * that stops no table.
 *
 * @param readOnly nothing is to be written
 */
export function openMirror(
  config: Config,
  readOnly: boolean,
): { readonly store: MirrorStore | undefined; readonly trouble: string | undefined } {
  if (readOnly) return { store: MirrorStore.peek(config.stateDir), trouble: undefined };
  let store: MirrorStore | undefined;
  try {
    const directories = config.directories.map(({ name }) => name);
    store = MirrorStore.open(config.stateDir);
    try {
      store.sweep(directories);
    } catch (error) {
      if (!isDamage(error)) throw error;
      store.reset();
      store.sweep(directories);
    }
    return { store, trouble: undefined };
  } catch (error) {
    store?.close();
    const reason = error instanceof Error ? error.message : String(error);
    const trouble = `what the directories give can't be remembered, so each run asks them for everything: ${reason}`;
    return { store: undefined, trouble };
  }
}

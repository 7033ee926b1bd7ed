/** Whether the signatures of a message that gpg has opened are those that a stanza wants: the GPG_ variables of fwknop. */
import type { GpgSignature } from '../spa/fwknop/gpg-status.ts';
import type { FwknopSignatureRejection } from '../spa/rejection.ts';
import type { GpgKeys } from '../access/fwknop-keys.ts';

type Wanted = Pick<GpgKeys, 'requireSignature' | 'ignoreBadSignature' | 'signerIds' | 'signerFingerprints'>;

/** The length of GPG_REMOTE_ID; a shorter end of a fingerprint is nobody's in particular. */
const ID_LENGTH = 8;

/** One signature that is sound and of a signer that is wanted suffices. */
export const judgeSignatures = (
  signatures: readonly GpgSignature[],
  wanted: Wanted,
): FwknopSignatureRejection | undefined => {
  if (!wanted.requireSignature) return undefined;
  if (signatures.length === 0) return 'unsigned';
  const sound = signatures.filter(({ good, validity }) => wanted.ignoreBadSignature || (good && validity !== 'none'));
  if (sound.length === 0) return 'bad-signature';
  const { signerIds, signerFingerprints } = wanted;
  if (signerIds.length === 0 && signerFingerprints.length === 0) return undefined;
  return sound.some((signature) => isSigner(signature, wanted)) ? undefined : 'signer-not-allowed';
};

/**
 * fwknop compares the key that signed, which is a subkey where there is one for signing. People take the fingerprint of the
 * primary key for theirs: it is good here, too.
 */
const isSigner = ({ key, primary }: GpgSignature, { signerIds, signerFingerprints }: Wanted): boolean =>
  [key, primary].some(
    (fingerprint) =>
      fingerprint !== undefined &&
      (signerFingerprints.some((one) => one.toUpperCase() === fingerprint) ||
        signerIds.some((id) => id.length >= ID_LENGTH && fingerprint.endsWith(id.toUpperCase()))),
  );

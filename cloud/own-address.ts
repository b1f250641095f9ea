/** Container machines' labs have this network each, in a network namespace of its own where nothing else has it. */
export const CONTAINER_PREFIX = '10.77';
/** Of the lab itself in that network. */
export const CONTAINER_LAB_ADDRESS = `${CONTAINER_PREFIX}.0.1`;
/** Where EC2 has its metadata service; in a container lab it has that very address. */
export const METADATA_ADDRESS = '169.254.169.254';

/** Whether a server of the lab may listen here: nobody from outside of this machine ever reaches it. */
export function isOwnAddress(address: string): boolean {
  return address.startsWith('127.') || address === CONTAINER_LAB_ADDRESS;
}

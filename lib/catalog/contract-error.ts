/** Why a contract cannot be read, in words for people. */
export class ContractError extends Error {}

/** One mistake in an otherwise lawful component. */
export interface Fault {
  readonly mistake: string;
  /** Laws that must fail, in the order of the kit. */
  readonly caughtBy: readonly string[];
  readonly register: () => void;
}

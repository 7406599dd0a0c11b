/** What a command says beside its result. */
export function printNote(note: string): void {
  process.stderr.write(`${note}\n`);
}

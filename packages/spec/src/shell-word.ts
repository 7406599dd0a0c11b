/** Special between double quotes to no shell: not to those of POSIX, nor to PowerShell or cmd.exe. */
const DOUBLE_QUOTED = /^(?:[^"$`!%\\\n]|\\(?=[^"$`\\\n]))*$/;

/** A word of a command, in quotes where it must be: as POSIX shells read it, and where its characters allow as those of Windows do. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return DOUBLE_QUOTED.test(word) ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
}

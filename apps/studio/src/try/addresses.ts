/** Address of a file that lies beside the page. For the worker, whose code is in a folder below. */
export function addressBeside(name: string): string {
  return new URL(`../${name}`, location.href).href;
}

import { getBackend, setBackend } from "@tensorflow/tfjs-core";

/**
 * Makes an initialized backend the current one, before this returns: tfjs has
 * one current backend per process, and waits only for backends that are not
 * initialized.
 */
export function activate(registryName: string): void {
  if (getBackend() === registryName) return;
  void setBackend(registryName);
}

/** What a page has of WebGPU. */
interface PageFacts {
  readonly navigator: { readonly gpu?: { requestAdapter(): Promise<{ readonly info: AdapterInfo } | null> } };
}

interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
}

/** The GPU of a page, such as `google swiftshader`; undefined where it has none. */
export async function webgpuAdapter(): Promise<string | undefined> {
  const adapter = await (globalThis as unknown as PageFacts).navigator.gpu?.requestAdapter();
  return adapter ? `${adapter.info.vendor} ${adapter.info.architecture}` : undefined;
}

export const WEIGHTS_FILE = "model.safetensors";
/** Says which tensor is in which file of weights, where there are several. */
export const WEIGHTS_INDEX_FILE = "model.safetensors.index.json";

/** Weights as PyTorch writes them, and which tensor is in which of several such files. */
export const PYTORCH_FILE = "pytorch_model.bin";
export const PYTORCH_INDEX_FILE = "pytorch_model.bin.index.json";

/** An adapter packed at its learned widths: what describes it, and its tensors. */
export const ADAPTER_DESCRIPTION_FILE = "blora_config.json";
export const ADAPTER_PACKED_FILE = "blora_model.safetensors";

/** An adapter as PEFT loads it. */
export const PEFT_CONFIG_FILE = "adapter_config.json";
export const PEFT_TENSORS_FILE = "adapter_model.safetensors";

/** Whether a file of this name may be a pickle, which can run code when it is read. */
export function isPickle(name: string): boolean {
  return /\.(?:bin|pt|pth|ckpt|pkl)$/.test(name);
}

/** What to do about a model, a folder or one of the Hub, whose weights are only pickle files. */
export function pickleAdvice(model: string): string {
  return (
    `holds its weights only as pickle files, which can run code when they are read. Convert it once in Python: ` +
    `from transformers import AutoModel; AutoModel.from_pretrained(${JSON.stringify(model)}).save_pretrained("converted")`
  );
}

import { env, pipeline } from "@huggingface/transformers";

// The folder that `blora export` wrote, beside this page.
env.localModelPath = new URL(".", window.location.href).pathname;
env.allowLocalModels = true;
env.allowRemoteModels = false;

const form = document.querySelector("form");
const button = document.querySelector("button");
const output = document.querySelector("output");

/** Shows what the page has to say. */
const show = (text) => {
  output.textContent = text;
};

try {
  const classify = await pipeline("text-classification", "model", { dtype: "q8", device: "wasm" });
  show("Ready.");
  button.disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [{ label, score }] = await classify(new FormData(form).get("text"));
    show(`${label}, ${(100 * score).toFixed(1)} %`);
  });
} catch (error) {
  show(`The model could not be loaded: ${error.message}`);
}

import { defineConfig } from "vitepress";

const guide = [
  { text: "What it is", link: "/guide/what-it-is" },
  { text: "Quick start", link: "/guide/quick-start" },
  { text: "Causal language models", link: "/guide/language-models" },
  { text: "MMLU", link: "/guide/mmlu" },
  { text: "Sweeps and reports", link: "/guide/sweeps-and-reports" },
  { text: "Adapter files", link: "/guide/adapter-format" },
  { text: "Publish an adapter", link: "/guide/publishing" },
  { text: "Export and use", link: "/guide/export-and-use" },
  { text: "Architecture", link: "/guide/architecture" },
  { text: "Write a quantizer", link: "/guide/write-a-quantizer" },
  { text: "Write an architecture", link: "/guide/write-an-architecture" },
];

const decisions = [
  { text: "1. A tokenizer package", link: "/decisions/0001-tokenizer-package" },
  { text: "2. Protocol buffers", link: "/decisions/0002-protocol-buffers" },
  { text: "3. The trainer reads weights", link: "/decisions/0003-trainer-reads-weights" },
  { text: "4. tfjs-core alone", link: "/decisions/0004-tfjs-core-alone" },
];

// VitePress reads the default export.
export default defineConfig({
  title: "B-LoRA",
  description: "LoRA whose rank and bit width are learned per matrix, in TypeScript",
  lang: "en",
  themeConfig: {
    sidebar: [
      { text: "Guide", items: guide },
      { text: "Decisions", items: decisions },
    ],
    search: { provider: "local" },
    outline: [2, 3],
  },
});

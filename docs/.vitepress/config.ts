import { defineConfig } from "vitepress";

const guide = [
  { text: "What it is", link: "/guide/what-it-is" },
  { text: "Fine-tune on your own data", link: "/guide/own-data" },
  { text: "Quick start", link: "/guide/quick-start" },
  { text: "Train in a page", link: "/guide/in-a-page" },
  { text: "Causal language models", link: "/guide/language-models" },
  { text: "MMLU", link: "/guide/mmlu" },
  { text: "Speed and memory", link: "/guide/speed" },
  { text: "Promises and their tests", link: "/guide/promises" },
  { text: "Sweeps and reports", link: "/guide/sweeps-and-reports" },
  { text: "Many machines", link: "/guide/many-machines" },
  { text: "The studio", link: "/guide/studio" },
  { text: "Adapter files", link: "/guide/adapter-format" },
  { text: "Publish an adapter", link: "/guide/publishing" },
  { text: "Export and use", link: "/guide/export-and-use" },
  { text: "Architecture", link: "/guide/architecture" },
  { text: "Write a quantizer", link: "/guide/write-a-quantizer" },
  { text: "Write a gate", link: "/guide/write-a-gate" },
  { text: "Write an architecture", link: "/guide/write-an-architecture" },
];

const reference = [
  { text: "All of them", link: "/reference/" },
  { text: "Training arguments", link: "/reference/training-arguments" },
  { text: "Tasks", link: "/reference/tasks" },
  { text: "Methods", link: "/reference/methods" },
  { text: "Quantizers", link: "/reference/quantizers" },
  { text: "Gates", link: "/reference/gates" },
  { text: "Architectures", link: "/reference/architectures" },
  { text: "Engines", link: "/reference/engines" },
  { text: "Cost models", link: "/reference/cost-models" },
  { text: "Job engines", link: "/reference/job-engines" },
];

const decisions = [
  { text: "1. A tokenizer package", link: "/decisions/0001-tokenizer-package" },
  { text: "2. Protocol buffers", link: "/decisions/0002-protocol-buffers" },
  { text: "3. The trainer reads weights", link: "/decisions/0003-trainer-reads-weights" },
  { text: "4. tfjs-core alone", link: "/decisions/0004-tfjs-core-alone" },
  { text: "5. A merged low-rank product", link: "/decisions/0005-merged-low-rank-product" },
  { text: "6. An own unigram encoder", link: "/decisions/0006-own-unigram-encoder" },
  { text: "7. Widths per singular component", link: "/decisions/0007-widths-per-singular-component" },
  { text: "8. A budget is spent by worth", link: "/decisions/0008-a-budget-is-spent-by-worth" },
  { text: "9. Large operands draw rarely", link: "/decisions/0009-large-operands-draw-rarely" },
  { text: "10. What takes long runs in its own process", link: "/decisions/0010-training-in-its-own-process" },
  { text: "11. Scales are computed", link: "/decisions/0011-scales-are-computed" },
  { text: "12. Fewer passes", link: "/decisions/0012-fewer-passes" },
  { text: "13. Rounded products are whole", link: "/decisions/0013-rounded-products-are-whole" },
  { text: "14. The studio is a page of static files", link: "/decisions/0014-a-page-of-static-files" },
  { text: "15. Large weights are not copied", link: "/decisions/0015-large-weights-are-not-copied" },
  {
    text: "16. What an adapter and the weights decide is kept between tokens",
    link: "/decisions/0016-kept-between-runs",
  },
];

// VitePress reads the default export.
export default defineConfig({
  title: "B-LoRA",
  description: "LoRA whose ranks and bit widths are chosen within a budget of bit operations, in TypeScript",
  lang: "en",
  themeConfig: {
    sidebar: [
      { text: "Guide", items: guide },
      { text: "Reference", items: reference },
      { text: "Decisions", items: decisions },
    ],
    search: { provider: "local" },
    outline: [2, 3],
  },
});

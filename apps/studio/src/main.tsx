import { render } from "preact";
import { App } from "./app.tsx";
import { isolate } from "./isolate.ts";
import "./style.css";

void isolate();
render(<App />, document.querySelector("#app")!);

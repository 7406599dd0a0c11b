/** Where a tab will train; until then the command line does. */
export function TryPage() {
  return (
    <>
      <h1>Fine-tune</h1>
      <p>
        On a command line, <code>npx blora train --data reviews.csv</code> learns from a file of your own.{" "}
        <a href="#/runs">Runs</a> shows how it goes.
      </p>
    </>
  );
}

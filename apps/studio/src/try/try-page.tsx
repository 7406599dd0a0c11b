export function TryPage() {
  return <h1>Fine-tune in this tab</h1>;
}

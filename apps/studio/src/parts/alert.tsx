/** What went wrong, in a sentence that is read aloud as it comes; nothing where nothing did. */
export function Alert({ message }: { readonly message: string | undefined }) {
  if (message === undefined) return null;
  return (
    <p role="alert" class="note">
      {message}
    </p>
  );
}

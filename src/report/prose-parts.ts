export interface ProsePart {
  readonly kind: "text" | "code";
  readonly text: string;
}

const PATH = /(\/(?:nix|run|var|etc|proc|home|root)\/[^\s,;()]*[^\s,;().:])/u;

/** A sentence in pieces: what stands in backticks and paths are code, all else is text. */
export const proseParts = (text: string): readonly ProsePart[] =>
  text.split(/(`[^`]*`)/u).flatMap((part): readonly ProsePart[] =>
    part.startsWith("`") && part.length > 1
      ? [{ kind: "code", text: part.slice(1, -1) }]
      : part
          .split(PATH)
          .map((piece, index): ProsePart => ({
            kind: index % 2 === 1 ? "code" : "text",
            text: piece,
          }))
          .filter((piece) => piece.text !== ""),
  );

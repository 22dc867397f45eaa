import { SaxesParser } from "saxes";

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  /** The words that stand right inside of it. */
  text: string;
}

/** A document of XML 1.0; throws where it is not well-formed. */
export const parseXml = (document: string): XmlElement => {
  const top: XmlElement = { name: "", attributes: {}, children: [], text: "" };
  const open = [top];
  const parser = new SaxesParser({ xmlns: false, defaultXMLVersion: "1.0" });
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    const child: XmlElement = { name, attributes, children: [], text: "" };
    open.at(-1)?.children.push(child);
    open.push(child);
  });
  parser.on("closetag", () => {
    open.pop();
  });
  parser.on("text", (words) => {
    const inner = open.at(-1);
    if (inner !== undefined) inner.text += words;
  });
  parser.write(document).close();
  const [root] = top.children;
  if (root === undefined) throw new Error("no element");
  return root;
};

/** All elements of this name, below an element at any depth. */
export const elementsOf = ({ children }: XmlElement, wanted: string): readonly XmlElement[] =>
  children.flatMap((child) => [
    ...(child.name === wanted ? [child] : []),
    ...elementsOf(child, wanted),
  ]);

import { parseAst, type Plugin } from "vite";

/** A node of a syntax tree, as ESTree names it. */
interface Node {
  type: string;
  start: number;
  end: number;
  [field: string]: unknown;
}

/** A statement of a module, or one of the variables a statement declares. */
interface Part {
  text: string;
  /** Empty: it has an effect on what is declared elsewhere. */
  declares: ReadonlySet<string>;
  uses: ReadonlySet<string>;
}

/**
 * Leaves out of a file what none of the wanted exports uses. macaw-ui is one file with all its
 * parts, of which a bundler must keep each call, such as the `forwardRef` of parts nobody imports.
 */
export function onlyUsed(file: RegExp, wanted: readonly string[]): Plugin {
  return {
    name: "only-used",
    enforce: "pre",
    transform: (code, id) => (file.test(id) ? { code: reduced(code, wanted), map: null } : null),
  };
}

/** The module without the parts that the wanted exports need in no way. */
export function reduced(code: string, wanted: readonly string[]): string {
  const body = parseAst(code).body as unknown as Node[];
  const imports = body.filter(({ type }) => type === "ImportDeclaration");
  const exported = exportsOf(body).filter(({ name }) => wanted.includes(name));
  const kept = needed(partsOf(body, code), new Set(exported.map(({ local }) => local)));
  return [
    ...imports.map(({ start, end }) => code.slice(start, end)),
    ...kept.map(({ text }) => text),
    `export { ${exported.map(({ local, name }) => `${local} as ${name}`).join(", ")} };`,
  ].join("\n");
}

function exportsOf(body: Node[]): { local: string; name: string }[] {
  return body
    .filter(({ type }) => type === "ExportNamedDeclaration")
    .flatMap((node) => node.specifiers as { local: Node; exported: Node }[])
    .map(({ local, exported }) => ({ local: local.name as string, name: exported.name as string }));
}

function partsOf(body: Node[], code: string): Part[] {
  return body
    .filter(({ type }) => !/^(Import|Export)/.test(type))
    .flatMap((node) => {
      if (node.type !== "VariableDeclaration") return [partOf(node, node.id, "", code)];
      const kind = `${String(node.kind)} `;
      return (node.declarations as Node[]).map((each) => partOf(each, each.id, kind, code));
    });
}

function partOf(node: Node, declared: unknown, kind: string, code: string): Part {
  return {
    text: `${kind}${code.slice(node.start, node.end)};`,
    declares: namesIn(declared),
    uses: namesIn(node),
  };
}

/** All names below a node. Those of properties are among them: too many names do no harm. */
function namesIn(node: unknown, found = new Set<string>()): Set<string> {
  if (typeof node !== "object" || node === null) return found;
  const { type, name } = node as Partial<Node>;
  if (type === "Identifier") found.add(name as string);
  for (const child of Object.values(node)) namesIn(child, found);
  return found;
}

/** The parts that the names need, in their order. An effect belongs to all it has in it. */
function needed(parts: readonly Part[], names: ReadonlySet<string>): Part[] {
  const declared = new Set(parts.flatMap(({ declares }) => [...declares]));
  const wanted = new Set(names);
  const kept = new Set<Part>();
  const isWanted = ({ declares, uses }: Part) => {
    const about = [...(declares.size > 0 ? declares : uses)].filter((name) => declared.has(name));
    return about.length === 0 || about.some((name) => wanted.has(name));
  };
  for (let before = -1; before < kept.size; ) {
    before = kept.size;
    for (const part of parts.filter((each) => !kept.has(each) && isWanted(each))) {
      kept.add(part);
      part.uses.forEach((name) => wanted.add(name));
    }
  }
  return parts.filter((part) => kept.has(part));
}

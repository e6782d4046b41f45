/** Puts another function in the place of one of the program's, which is known by its name. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import { UserError } from "../../lib/errors.ts"
import { PACKAGE } from "../../tools/project/folder.ts"

export interface Variant {
    /** `src/app/text.ts` */
    file: string
    /** `isReversal`, or a method: `App.lose` */
    name: string
    /** Its statements; the function that it replaces is `<name>Original` in them. */
    body: string
    /** Statements in front of the file's own. */
    imports?: string
}

/** What `compilePatched` takes: each source as it is to be compiled. */
export type Patch = (file: string, text: string) => string

/** @throws UserError when there is no such function any more */
export function patchOf(variant: Variant): Patch {
    apply(variant, readFileSync(join(PACKAGE, variant.file), "utf8"))
    return (file, text) => (file === variant.file ? apply(variant, text) : text)
}

function apply(variant: Variant, text: string): string {
    const { file, name, body, imports = "" } = variant
    const found = find(
        ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true),
        name
    )
    if (!found)
        throw new UserError(
            `expected a function ${name} in ${file}, there is none: the fault has to go elsewhere`
        )
    const { node, identifier } = found
    const original = `${identifier.text}Original`
    const head = text.slice(node.getStart(), node.body.getStart())
    const renamed =
        text.slice(node.getStart(), identifier.getStart()) +
        original +
        text.slice(identifier.getEnd(), node.getEnd())
    return [
        imports,
        text.slice(0, node.getStart()),
        `${head}{ ${body} }\n`,
        renamed,
        text.slice(node.getEnd()),
    ].join("\n")
}

type Found = (ts.FunctionDeclaration | ts.MethodDeclaration) & {
    body: ts.Block
}

/** @param name `function` or `Class.method` */
function find(source: ts.SourceFile, name: string) {
    const [first, method] = name.split(".")
    for (const statement of source.statements) {
        if (
            ts.isFunctionDeclaration(statement) &&
            statement.name?.text === first &&
            statement.body &&
            !method
        )
            return { node: statement as Found, identifier: statement.name }
        if (!ts.isClassDeclaration(statement) || statement.name?.text !== first)
            continue
        for (const member of statement.members)
            if (
                ts.isMethodDeclaration(member) &&
                member.body &&
                ts.isIdentifier(member.name) &&
                member.name.text === method
            )
                return { node: member as Found, identifier: member.name }
    }
    return undefined
}

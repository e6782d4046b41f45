/** Expressions over what a debugger tells of values: texts, and references to the parts of what has parts. */
import ts from "typescript"
import {
    isNothing,
    isPrimitive,
    isTrue,
    itemsOf,
    nameOf,
    primitiveOf,
    textOf,
    valueOf,
    type Primitive,
    type Value,
} from "./values.ts"

/** Where names and members come from. */
export interface Scope {
    /** @returns undefined when there is no such name */
    variable(name: string): Promise<Value | undefined>
    /** The parts of an object by their names, of an array as `[0]`, `[1]` … */
    parts(of: Value): Promise<(Value & { name: string })[]>
}

/** @throws Error that says what is wrong with the expression */
export function parse(text: string): ts.Expression {
    const file = ts.createSourceFile("expression.ts", text, {
        languageVersion: ts.ScriptTarget.Latest,
    })
    // the only place where TypeScript keeps them without a whole program
    const { parseDiagnostics: [problem] = [] } = file as unknown as {
        parseDiagnostics?: ts.Diagnostic[]
    }
    if (problem)
        throw new Error(
            `${text}: ${ts.flattenDiagnosticMessageText(problem.messageText, " ")}`
        )
    const [statement, ...more] = file.statements
    if (!statement || more.length > 0 || !ts.isExpressionStatement(statement))
        throw new Error(`expected an expression, got ${text}`)
    return statement.expression
}

/**
 * @param text as in the program: names, members, indexes, literals, operators; nothing that runs code of it or changes it
 * @throws Error that says what there is not, or why it is refused
 */
export async function evaluate(text: string, scope: Scope): Promise<Value> {
    return new Evaluator(text, scope).value(parse(text))
}

/** One expression being evaluated. */
class Evaluator {
    readonly #text: string
    readonly #scope: Scope

    constructor(text: string, scope: Scope) {
        this.#text = text
        this.#scope = scope
    }

    async value(node: ts.Expression): Promise<Value> {
        if (isWrapping(node)) return this.value(node.expression)
        if (ts.isIdentifier(node)) return this.#variable(node.text)
        if (node.kind === ts.SyntaxKind.ThisKeyword)
            return this.#variable("this")
        const literal = literalOf(node)
        if (literal) return valueOf(literal.value)
        if (ts.isPropertyAccessExpression(node))
            return this.#access(node, () =>
                Promise.resolve(valueOf(node.name.text))
            )
        if (ts.isElementAccessExpression(node))
            return this.#access(node, () => this.value(node.argumentExpression))
        if (ts.isBinaryExpression(node)) return this.#binary(node)
        if (ts.isPrefixUnaryExpression(node)) return this.#unary(node)
        if (ts.isTypeOfExpression(node)) return this.#typeOf(node)
        if (ts.isConditionalExpression(node)) {
            const holds = isTrue(await this.value(node.condition))
            return this.value(holds ? node.whenTrue : node.whenFalse)
        }
        if (ts.isTemplateExpression(node)) return this.#template(node)
        throw new Error(`${this.#source(node)}: ${refusal(node)}`)
    }

    async #variable(name: string): Promise<Value> {
        const found = await this.#scope.variable(name)
        if (found) return found
        // undefined, NaN, Infinity
        const constant = { value: name, variablesReference: 0 }
        if (isPrimitive(constant)) return constant
        throw new Error(`there is no ${name} here`)
    }

    async #access(
        node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
        keyOf: () => Promise<Value>
    ): Promise<Value> {
        const object = await this.value(node.expression)
        if (isNothing(object) && ts.isOptionalChain(node))
            return valueOf(undefined)
        const key = primitiveOf(await keyOf())
        const member = await this.#member(object, key)
        if (member) return member
        throw new Error(
            `${this.#source(node.expression)} (${object.value}) has no ${String(key)}`
        )
    }

    async #member(object: Value, key: Primitive): Promise<Value | undefined> {
        const items = itemsOf(object)
        if (key === "length") {
            const array = /^\[Array\((\d+)\)\]$/.exec(object.value)
            if (array) return valueOf(Number(array[1]))
            if (items) return valueOf(items.length)
        }
        if (items) {
            const isInside = typeof key === "number" && key in items
            return isInside ? valueOf(items[key]) : undefined
        }
        const parts = await this.#scope.parts(object)
        return parts.find(part => part.name === nameOf(key))
    }

    async #binary(node: ts.BinaryExpression): Promise<Value> {
        const operator = ts.tokenToString(node.operatorToken.kind) ?? ""
        if (!["&&", "||", "??"].includes(operator) && !(operator in BINARY))
            throw new Error(`${this.#source(node)}: ${refusal(node)}`)
        const left = await this.value(node.left)
        if (operator === "&&")
            return isTrue(left) ? this.value(node.right) : left
        if (operator === "||")
            return isTrue(left) ? left : this.value(node.right)
        if (operator === "??")
            return isNothing(left) ? this.value(node.right) : left
        const right = await this.value(node.right)
        if (
            /^[!=]==?$/.test(operator) &&
            isPrimitive(left) !== isPrimitive(right)
        )
            return valueOf(operator.startsWith("!"))
        return valueOf(BINARY[operator](primitiveOf(left), primitiveOf(right)))
    }

    async #unary(node: ts.PrefixUnaryExpression): Promise<Value> {
        const operator = ts.tokenToString(node.operator) ?? ""
        const operand = await this.value(node.operand)
        if (operator === "!") return valueOf(!isTrue(operand))
        if (!(operator in UNARY))
            throw new Error(`${this.#source(node)}: ${refusal(node)}`)
        return valueOf(UNARY[operator](Number(primitiveOf(operand))))
    }

    async #typeOf({ expression }: ts.TypeOfExpression): Promise<Value> {
        const operand = await this.value(expression)
        if (isPrimitive(operand)) return valueOf(typeof primitiveOf(operand))
        const isFunction = operand.value.includes("[Function ")
        return valueOf(isFunction ? "function" : "object")
    }

    async #template(node: ts.TemplateExpression): Promise<Value> {
        let text = node.head.text
        for (const { expression, literal } of node.templateSpans)
            text += textOf(await this.value(expression)) + literal.text
        return valueOf(text)
    }

    #source({ pos, end }: ts.Node): string {
        return this.#text.slice(pos, end).trim()
    }
}

/** What stands around an expression and changes nothing. */
function isWrapping(
    node: ts.Expression
): node is ts.ParenthesizedExpression | ts.AsExpression | ts.NonNullExpression {
    return (
        ts.isParenthesizedExpression(node) ||
        ts.isAsExpression(node) ||
        ts.isNonNullExpression(node)
    )
}

function literalOf(node: ts.Expression): { value: Primitive } | undefined {
    if (ts.isNumericLiteral(node)) return { value: Number(node.text) }
    if (ts.isStringLiteralLike(node)) return { value: node.text }
    switch (node.kind) {
        case ts.SyntaxKind.TrueKeyword:
            return { value: true }
        case ts.SyntaxKind.FalseKeyword:
            return { value: false }
        case ts.SyntaxKind.NullKeyword:
            return { value: null }
    }
    return undefined
}

const UNARY: Record<string, (value: number) => number> = {
    "-": value => -value,
    "+": value => value,
    "~": value => ~value,
}

/* eslint-disable @typescript-eslint/no-explicit-any -- the operators convert as the program's do */
const BINARY: Record<string, (a: any, b: any) => Primitive> = {
    "+": (a, b) => a + b,
    "-": (a, b) => a - b,
    "*": (a, b) => a * b,
    "/": (a, b) => a / b,
    "%": (a, b) => a % b,
    "**": (a, b) => a ** b,
    "<": (a, b) => a < b,
    "<=": (a, b) => a <= b,
    ">": (a, b) => a > b,
    ">=": (a, b) => a >= b,
    "==": (a, b) => a == b,
    "!=": (a, b) => a != b,
    "===": (a, b) => a === b,
    "!==": (a, b) => a !== b,
    "&": (a, b) => a & b,
    "|": (a, b) => a | b,
    "^": (a, b) => a ^ b,
    "<<": (a, b) => a << b,
    ">>": (a, b) => a >> b,
    ">>>": (a, b) => a >>> b,
}
/* eslint-enable */

/** Why an expression is not evaluated. */
function refusal(node: ts.Expression): string {
    if (ts.isCallExpression(node) || ts.isNewExpression(node))
        return "a call would have to run in the program, which is stopped; look at the values that it uses"
    if (ts.isAwaitExpression(node)) return "a stopped program cannot wait"
    if (
        ts.isBinaryExpression(node) &&
        node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
        node.operatorToken.kind <= ts.SyntaxKind.LastAssignment
    )
        return "values are read here, not changed; to compare, write ==="
    if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node))
        return "values are read here, not changed"
    return "expected names, members, indexes, literals and operators"
}

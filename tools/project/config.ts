/** devs.json: reads it, checks it against devs.schema.json, and says what is wrong with it and where. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Ajv, type ErrorObject } from "ajv"
import {
    findNodeAtLocation,
    getNodeValue,
    parseTree,
    printParseErrorCode,
    type Node,
    type ParseError,
} from "jsonc-parser"
import { UserError } from "../../lib/errors.ts"
import { nearest } from "../../lib/nearest.ts"
import { PACKAGE, PROJECT } from "./folder.ts"
import { boards, BRIDGE_PINS, W5500_PINS, type Board } from "./boards.ts"

export type Network = "wifi" | "ethernet" | "cellular"

/** What devs.json says, defaults filled in; devs.schema.json describes each key. */
export interface Config {
    /** None: the echo program. */
    program?: string
    /** None: the one of a user's own program, which its settings or the program itself may have. */
    url?: string
    /** One, or several in the order of preference. */
    network: Network | Network[]
    modem: "simcom" | "quectel" | "eg915u"
    apn: string
    address: string
    board: string
    name: string
    heartbeat: number
    interval: number
    message: string
    count: number
    timeout: number
    summary: number
    plot: boolean
    log: "info" | "warn" | "error"
}

/** The part of JSON schema that devs.schema.json uses to describe one key. */
export interface KeySchema {
    type?: "string" | "integer" | "boolean"
    enum?: string[]
    /** With a `patternErrorMessage`. */
    oneOf?: unknown[]
    pattern?: string
    patternErrorMessage?: string
    minimum?: number
    maximum?: number
    minLength?: number
    maxLength?: number
    unit?: string
    default?: string | number | boolean
}

interface Problem {
    key: string
    text: string
}

/** The keys that the build reads; the program on the board knows nothing of them. */
export const BUILD_KEYS = ["$schema", "program", "network", "modem", "board"]

const SCHEMA = new URL("../../devs.schema.json", import.meta.url)

/** devs.schema.json, by key. */
export function schema(): Record<string, KeySchema> {
    return readSchema().properties
}

function readSchema() {
    return JSON.parse(readFileSync(SCHEMA, "utf8")) as {
        properties: Record<string, KeySchema>
    }
}

/**
 * @param folder the project's
 * @throws UserError with a line for each thing that is wrong
 */
export function readConfig(folder: string): Config {
    const path = join(folder, "devs.json")
    if (!existsSync(path))
        throw new UserError(
            `devs.json: expected it in ${folder}, found none; npx devicescript-websocket init makes it, and a program with it`
        )
    const text = readFileSync(path, "utf8").replace(/^\uFEFF/, "")
    const tree = parse(text)

    const config = { ...getNodeValue(tree) }
    const validate = ajv().compile<Config>(readSchema())
    const problems = validate(config)
        ? [...checkUrl(config.url), ...checkBoard(config)]
        : // "if" repeats that its "then" failed
          validate
              .errors!.filter(({ keyword }) => keyword !== "if")
              .map(error => explain(error, config))
    if (problems.length === 0)
        return { ...config, heartbeat: heartbeatOf(config) }

    const lines = problems.map(({ key, text: problem }) => {
        const at = findNodeAtLocation(tree, [key])?.parent ?? tree
        return `devs.json:${position(text, at.offset).line}: ${problem}`
    })
    throw new UserError([...new Set(lines)].join("\n"))
}

/** Milliseconds: below the limits of most proxies, but above what a metered contract makes dear. */
function heartbeatOf({ heartbeat, network }: Config): number {
    return (
        heartbeat ?? ([network].flat().includes("cellular") ? 240_000 : 20_000)
    )
}

/**
 * Checks one value by the schema of its key.
 * @returns what is wrong with it, or undefined
 */
export function checkValue(key: string, value: unknown): string | undefined {
    const alone = { type: "object", properties: { [key]: schema()[key] } }
    const fits = ajv().compile(alone)({ [key]: value })
    return fits ? undefined : wrongValue(key, value)
}

function ajv() {
    return new Ajv({ allErrors: true, useDefaults: true }).addVocabulary([
        "unit",
        "patternErrorMessage",
    ])
}

function parse(text: string): Node {
    const errors: ParseError[] = []
    const tree = parseTree(text, errors, { disallowComments: true })
    if (errors.length > 0) {
        const { line, column } = position(text, errors[0].offset)
        const found = text.slice(errors[0].offset).match(/^\S+/)?.[0]
        throw new UserError(
            `devs.json:${line}:${column}: not JSON: ${words(errors[0])} at ` +
                (found ? JSON.stringify(found.slice(0, 20)) : "the end")
        )
    }
    if (tree?.type !== "object")
        throw new UserError(
            `devs.json:1: expected an object {…}, found ${tree ? tree.type : "nothing"}`
        )
    rejectTwins(text, tree)
    return tree
}

/** `CloseBraceExpected` → `close brace expected` */
function words({ error }: ParseError): string {
    return printParseErrorCode(error)
        .replace(/(?!^)[A-Z]/g, " $&")
        .toLowerCase()
}

/** JSON lets the last of several equal keys win in silence. */
function rejectTwins(text: string, object: Node) {
    const seen = new Set<string>()
    for (const property of object.children ?? []) {
        const key = property.children![0].value as string
        if (seen.has(key))
            throw new UserError(
                `devs.json:${position(text, property.offset).line}: "${key}" is there twice`
            )
        seen.add(key)
    }
}

function position(text: string, offset: number) {
    const before = text.slice(0, offset).split("\n")
    return { line: before.length, column: before.at(-1)!.length + 1 }
}

function explain(error: ErrorObject, config: Record<string, unknown>): Problem {
    if (error.keyword === "additionalProperties") {
        const key = error.params.additionalProperty as string
        return { key, text: unknownKey(key) }
    }
    if (error.keyword === "required") {
        const key = error.params.missingProperty as string
        return { key, text: `"${key}" is missing; expected ${expected(key)}` }
    }
    const key = error.instancePath.split("/")[1]
    return { key, text: wrongValue(key, config[key]) }
}

function wrongValue(key: string, value: unknown): string {
    return `"${key}" is ${JSON.stringify(value)}; expected ${expected(key)}`
}

function unknownKey(key: string): string {
    const known = Object.keys(schema())
    const guess = nearest(key, known)
    return guess
        ? `"${key}" is not a key of devs.json; did you mean "${guess}"?`
        : `"${key}" is not a key of devs.json; expected one of ${known.join(", ")}`
}

/** In words what the schema allows: `an integer from 10 to 86400000 (ms)`. */
function expected(key: string): string {
    const allowed = schema()[key]
    const unit = allowed.unit ? ` (${allowed.unit})` : ""
    if (allowed.oneOf) return allowed.patternErrorMessage!
    if (allowed.enum)
        return allowed.enum.map(value => JSON.stringify(value)).join(" or ")
    if (allowed.type === "boolean") return "true or false"
    if (allowed.type === "integer")
        return `an integer from ${allowed.minimum} to ${allowed.maximum}${unit}`
    if (allowed.patternErrorMessage) return allowed.patternErrorMessage
    if (allowed.maxLength === undefined) return "a string"
    return `a string of ${allowed.minLength ?? 0} to ${allowed.maxLength}${unit}`
}

/** What a pattern cannot tell: numbers in the host, a port above 65535. */
function checkUrl(url?: string): Problem[] {
    return url === undefined || URL.canParse(url)
        ? []
        : [{ key: "url", text: wrongValue("url", url) }]
}

function checkBoard({ board: id, network }: Config): Problem[] {
    const known = boards()
    const board = known.get(id)
    if (!board) {
        const guess = nearest(id, [...known.keys()])
        const hint = guess
            ? `did you mean "${guess}"?`
            : `expected one of ${[...known.keys()].join(", ")}`
        const text = `"board" is "${id}", which is neither in boards/ nor known to the tool chain; ${hint}`
        return [{ key: "board", text }]
    }
    return [network].flat().flatMap(name => {
        const lack = lackOf(board, name, network)
        return lack === undefined
            ? []
            : [
                  {
                      key: "board",
                      text: `"board" is "${id}" (${board.name}), which has no ${lack}, but "network" is ${JSON.stringify(network)}; ${boardsInstead(network)}`,
                  },
              ]
    })
}

/** In words, the boards for a network: the project's, or those of this package when it has none. */
export function boardsInstead(
    network: Network | Network[],
    project = PROJECT
): string {
    const own = boardsFor(network, project).join(", ")
    if (own) return `for this network there are ${own}`
    return `boards for this network in node_modules/devicescript-websocket/boards, to be copied to boards/: ${boardsFor(network, PACKAGE).join(", ")}`
}

/** @returns ids of the boards that a network may be used with, or several at once */
export function boardsFor(
    network: Network | Network[],
    project = PROJECT
): string[] {
    return [...boards(project).values()]
        .filter(board =>
            [network]
                .flat()
                .every(name => lackOf(board, name, network) === undefined)
        )
        .map(({ id }) => id)
}

/** @returns what a board would need for a network, and does not have */
export function lackOf(
    board: Board,
    name: Network,
    all: Network | Network[]
): string | undefined {
    if (name === "wifi") return board.wifi ? undefined : "Wi-Fi"
    if (name === "ethernet")
        return board.w5500
            ? undefined
            : `pins named ${W5500_PINS.join(", ")} for a W5500`
    if (all.includes("ethernet"))
        return board.bridge.i2c
            ? undefined
            : "I2C, or no pin named PWRKEY, for an SC16IS750 beside a W5500"
    return board.bridge.spi
        ? undefined
        : `pins named ${BRIDGE_PINS.join(", ")} for an SC16IS750`
}

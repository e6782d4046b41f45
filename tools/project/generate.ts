/** The modules that are made of devs.json, where every way to build the program finds them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { boards } from "./boards.ts"
import { BUILD_KEYS, schema, type Config } from "./config.ts"
import { PACKAGE } from "./folder.ts"
import type { Settings } from "./settings.ts"

/** Writes a module when it would change: an editor or a dev server that watches it is left in peace. */
export function generate(config: Config, settings: Settings): void {
    write("src/app/config.generated.ts", moduleOf(config))
    write("src/app/modem.generated.ts", modemOf(config))
    write("src/app/networks.generated.ts", networksOf(config))
    write("src/app/secure.generated.ts", secureOf(settings))
}

function write(file: string, text: string): void {
    const path = join(PACKAGE, file)
    if (existsSync(path) && readFileSync(path, "utf8") === text) return
    writeFileSync(path, text)
}

const HEADER =
    "// Made of devs.json, devs.schema.json and .env.local by the build: change those instead.\n"

/** The chosen make of modems, so that a program carries no other one. */
export function modemOf({ modem }: Pick<Config, "modem">): string {
    const dialects = modem === "simcom" ? "simcom" : "quectel"
    return [
        HEADER.trimEnd(),
        `import { ${modem} } from "../net/cellular/${dialects}"\n`,
        `export const modem = ${modem}()\n`,
    ].join("\n")
}

/** Those of several networks that are chosen, in their order; beside a W5500 the modem's bridge is on I2C. */
export function networksOf({ network }: Pick<Config, "network">): string {
    const names = [network].flat()
    const dials = names.map(name =>
        name === "cellular" && names.includes("ethernet")
            ? "cellular-i2c"
            : name
    )
    return [
        HEADER.trimEnd(),
        ...dials.map(
            (name, n) =>
                `import { start as start${n} } from "./networks/${name}"`
        ),
        "",
        "/** Starts them, and waits for none. */",
        "export async function startNetworks() {",
        `    return [${dials.map((_, n) => `await start${n}()`).join(", ")}]`,
        "}",
        "",
    ].join("\n")
}

/** TLS by a pre-shared key if there is one, so that a program without one carries none. */
export function secureOf({ PSK }: Settings): string {
    if (PSK !== undefined) return `${HEADER}\nexport { secure } from "./psk"\n`
    return [
        HEADER,
        'import { Dial } from "../net/stream"\n',
        "/** Without a pre-shared key TLS is up to the network. */",
        "export async function secure(dial: Dial): Promise<Dial> {",
        "    return dial",
        "}\n",
    ].join("\n")
}

/** What the program reads while it runs. */
export function moduleOf(config: Config): string {
    const keys = Object.entries(schema()).filter(
        ([key]) => !BUILD_KEYS.includes(key)
    )
    const defaults = keys.map(([key]) => [key, config[key as keyof Config]])
    const ranges = keys
        .filter(([, { type }]) => type === "integer")
        .map(([key, { minimum, maximum }]) => [key, { minimum, maximum }])
    const { isGreenFirst } = boards().get(config.board)!
    return [
        HEADER,
        declaration("board", config.board),
        declaration("isGreenFirst", isGreenFirst),
        declaration("defaults", Object.fromEntries(defaults)),
        declaration("ranges", Object.fromEntries(ranges)),
        declaration("levels", schema().log.enum),
    ].join("\n")
}

function declaration(name: string, value: unknown): string {
    return `export const ${name} = ${JSON.stringify(value, null, 4)}\n`
}

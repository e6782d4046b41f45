/** src/config.generated.ts: what the program reads of devs.json, as a module that every way to build it finds. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { BUILD_KEYS, schema, type Config } from "./config.ts"
import { PROJECT } from "./common.ts"

const FILE = "src/config.generated.ts"

/** Writes the module when it would change: an editor or a dev server that watches it is left in peace. */
export function generate(config: Config): void {
    const path = join(PROJECT, FILE)
    const text = moduleOf(config)
    if (existsSync(path) && readFileSync(path, "utf8") === text) return
    writeFileSync(path, text)
}

/** The text of the module. */
export function moduleOf(config: Config): string {
    const keys = Object.entries(schema()).filter(
        ([key]) => !BUILD_KEYS.includes(key)
    )
    const defaults = keys.map(([key]) => [key, config[key as keyof Config]])
    const ranges = keys
        .filter(([, { type }]) => type === "integer")
        .map(([key, { minimum, maximum }]) => [key, { minimum, maximum }])
    return [
        "// Made of devs.json and devs.schema.json by the build: change those instead.\n",
        declaration("defaults", Object.fromEntries(defaults)),
        declaration("ranges", Object.fromEntries(ranges)),
        declaration("levels", schema().log.enum),
    ].join("\n")
}

function declaration(name: string, value: unknown): string {
    return `export const ${name} = ${JSON.stringify(value, null, 4)}\n`
}

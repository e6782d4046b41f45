#!/usr/bin/env node
/** `npx devicescript-websocket sim` and so on: the commands, for a folder with a program of its own. */
import console from "node:console"
import process from "node:process"
import { fileURLToPath, URL } from "node:url"

const COMMANDS = {
    init: "commands/init.ts",
    sim: "commands/sim.ts",
    serve: "../server/main.ts",
    build: "commands/build.ts",
    bundle: "commands/bundle.ts",
    flash: "commands/flash.ts",
    monitor: "commands/monitor.ts",
    doctor: "commands/doctor.ts",
    debug: "commands/debug.ts",
}

const at = path => new URL(path, import.meta.url)
const [node, , name = "", ...options] = process.argv

if (!Object.hasOwn(COMMANDS, name)) {
    console.error(
        `Usage: npx devicescript-websocket <command> [options]\n\nCommands: ${Object.keys(COMMANDS).join(", ")}; each has --help.`
    )
    process.exitCode = 1
} else {
    // The processes that a command starts are to be as this one: of TypeScript, and not steered by the user's tsconfig.json.
    process.env.TSX_TSCONFIG_PATH = fileURLToPath(at("../tsconfig.json"))
    process.execArgv.push("--import", import.meta.resolve("tsx"))
    const command = at(COMMANDS[name])
    process.argv = [node, fileURLToPath(command), ...options]
    const { register } = await import("tsx/esm/api")
    register()
    await import(command)
}

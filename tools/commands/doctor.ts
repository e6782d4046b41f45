/** `npm run doctor`: what is missing on this computer. */
import { newCommand, runCommand } from "../../lib/command.ts"
import { examine, type Finding } from "../toolchain/doctor.ts"

const MARKS: Record<Finding["kind"], string> = {
    good: "ok  ",
    note: "note",
    bad: "BAD ",
}

async function main({ online = false }: { online?: boolean }) {
    const findings = await examine(online)
    for (const { kind, text } of findings) console.log(`${MARKS[kind]} ${text}`)
    if (findings.some(({ kind }) => kind === "bad")) process.exitCode = 1
}

await newCommand("doctor")
    .description(
        "says what is missing on this computer; exit code 1 if something is"
    )
    .option("--online", "asks whether the firmware is to be had, too")
    .action(options => runCommand(() => main(options)))
    .parseAsync()

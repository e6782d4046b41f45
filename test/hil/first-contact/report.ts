/** The report of a first contact: one file, for a person to complete and to send. */
import { mkdirSync, writeFileSync } from "node:fs"
import { arch, platform, release } from "node:os"
import { dirname } from "node:path"
import type { Tried } from "./contact.ts"
import { BY_HAND } from "./exchanges.ts"

export interface Circumstances {
    device: string
    board: string
    arch: string
    network: string
    started: Date
}

/** @returns Markdown */
export function reportOf(tried: Tried[], circumstances: Circumstances): string {
    const { device, board, arch: chip, network, started } = circumstances
    const held = tried.filter(one => one.held).length
    return [
        `# First contact with ${board}`,
        "",
        `${held} of ${tried.length} beliefs held.`,
        "",
        `- device: ${device}, board ${board} (${chip}), network ${network}`,
        `- when: ${started.toISOString()}`,
        `- computer: ${platform()} ${release()} ${arch()}, Node ${process.version}`,
        "- the board's exact name, and where its firmware is from (please fill in):",
        "",
        "| belief | held | seen | s |",
        "| --- | --- | --- | --- |",
        ...tried.map(
            ({ belief, held, saw, took }) =>
                `| ${cell(belief)} | ${held ? "yes" : "**no**"} | ${cell(saw)} | ${(took / 1000).toFixed(1)} |`
        ),
        "",
        "## By hand (please fill in)",
        "",
        ...BY_HAND.flatMap((question, i) => [`${i + 1}. ${question}`, ""]),
        "## Log",
        "",
        ...tried.flatMap(({ name, lines }) => [
            `### ${name}`,
            "",
            ...lines.map(line => `    ${line}`),
            "",
        ]),
    ].join("\n")
}

function cell(text: string): string {
    return text.split("\n")[0].replaceAll("|", "\\|")
}

export function writeReport(file: string, report: string): void {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, report)
}

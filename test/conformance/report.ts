/** What came of a run: JSON for programs, HTML and a table for people. */
import { FAMILIES } from "./catalogue/index.ts"
import type { Outcome } from "./judge.ts"
import { LINKS } from "./links.ts"
import { caseId } from "./pool.ts"

/** In the place of a link: the case has a board of its own. */
export const OWN = "own"

export interface CaseReport {
    id: string
    name: string
    /** Of RFC 6455. */
    section: string
    passed: boolean
    expected: string[]
    /** By link. */
    outcomes: Record<string, Omit<Outcome, "expected">>
}

export interface FamilyReport {
    title: string
    cases: CaseReport[]
}

export interface SuiteReport {
    /** ISO 8601. */
    started: string
    seconds: number
    /** Single outcomes: a case over a link. */
    passed: number
    failed: number
    /** What each link is. */
    links: Record<string, string>
    families: FamilyReport[]
}

export class Collector {
    private readonly started = new Date()
    private readonly outcomes = new Map<string, Map<string, Outcome>>()

    add(
        family: number,
        number: number,
        link: string | undefined,
        outcome: Outcome
    ) {
        const id = caseId(family, number)
        const links = this.outcomes.get(id) ?? new Map()
        this.outcomes.set(id, links.set(link ?? OWN, outcome))
    }

    report(): SuiteReport {
        const families = FAMILIES.map(({ title, cases }, family) => ({
            title,
            cases: cases.flatMap(({ name, section }, number) => {
                const id = caseId(family, number)
                const outcomes = this.outcomes.get(id)
                return outcomes ? [caseReport(id, name, section, outcomes)] : []
            }),
        })).filter(({ cases }) => cases.length)
        const all = families.flatMap(({ cases }) =>
            cases.flatMap(({ outcomes }) => Object.values(outcomes))
        )
        const passed = all.filter(outcome => outcome.passed).length
        return {
            started: this.started.toISOString(),
            seconds: Math.round((Date.now() - this.started.getTime()) / 1000),
            passed,
            failed: all.length - passed,
            links: {
                ...Object.fromEntries(
                    LINKS.map(({ name, what }) => [name, what])
                ),
                [OWN]: "a board of the case's own, with the network that it names",
            },
            families,
        }
    }
}

function caseReport(
    id: string,
    name: string,
    section: string,
    outcomes: Map<string, Outcome>
): CaseReport {
    const order = [...LINKS.map(link => link.name), OWN]
    const all = order.flatMap(link => {
        const outcome = outcomes.get(link)
        return outcome ? [[link, outcome] as const] : []
    })
    return {
        id,
        name,
        section,
        passed: all.every(([, { passed }]) => passed),
        expected: shorten(all[0][1].expected),
        outcomes: Object.fromEntries(
            all.map(([link, { expected, seen, ...rest }]) => [
                link,
                { ...rest, seen: shorten(fromDifference(expected, seen)) },
            ])
        ),
    }
}

/** Lists are cut to so many lines. */
const LINES = 12

/** Equal lines become one with their number; of a long list the middle is left out. */
function shorten(lines: string[]): string[] {
    const runs: { line: string; count: number }[] = []
    for (const line of lines) {
        const last = runs.at(-1)
        if (last?.line === line) last.count++
        else runs.push({ line, count: 1 })
    }
    const short = runs.map(({ line, count }) =>
        count > 1 ? `${count} × ${line}` : line
    )
    if (short.length <= LINES) return short
    const left = short.length - LINES + 1
    return [
        ...short.slice(0, LINES - 4),
        `… ${left} more …`,
        ...short.slice(-3),
    ]
}

/** Of a long list that is wrong somewhere, that place. */
function fromDifference(expected: string[], seen: string[]): string[] {
    const at = seen.findIndex((line, i) => line !== expected[i])
    if (at < LINES) return seen
    return [`… ${at} as expected …`, ...seen.slice(at)]
}

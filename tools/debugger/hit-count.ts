/** How often a breakpoint is passed before it stops, as VS Code's own debuggers read it. */

const CONDITION = /^(>=|<=|={1,3}|>|<|%)?\s*(\d+)$/

const HOLDS: Record<string, (hits: number, n: number) => boolean> = {
    ">=": (hits, n) => hits >= n,
    "<=": (hits, n) => hits <= n,
    "=": (hits, n) => hits === n,
    ">": (hits, n) => hits > n,
    "<": (hits, n) => hits < n,
    "%": (hits, n) => hits % n === 0,
}

/**
 * @param text `5` and `>=5`: from the fifth time on; `=5`: the fifth time only; `%5`: each fifth time; also `<`, `<=`, `>`
 * @throws Error that says what was expected
 */
export function hitCondition(text: string): (hits: number) => boolean {
    const [, operator = ">=", number] = CONDITION.exec(text.trim()) ?? []
    if (number === undefined || (operator === "%" && Number(number) === 0))
        throw new Error(
            `expected a count such as 5, =5, >5 or %5 (each fifth time), got ${text}`
        )
    const holds = HOLDS[operator.startsWith("=") ? "=" : operator]
    return hits => holds(hits, Number(number))
}

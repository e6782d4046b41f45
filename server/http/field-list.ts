/** The elements of a header field that is a list of tokens (RFC 9110 section 5.6.1): empty ones do not count. */
export function listOf(field: string | string[] | undefined): string[] {
    const elements = String(field ?? "").split(",")
    return elements
        .map(element => element.replace(OUTER_BLANKS, ""))
        .filter(Boolean)
}

const OUTER_BLANKS = /^[ \t]+|[ \t]+$/g

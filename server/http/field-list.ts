/**
 * The elements of a header field that is a list (RFC 9110 section 5.6.1). Commas within quotes do not separate, and
 * empty elements do not count.
 */
export function listOf(field: string | string[] | undefined): string[] {
    const elements = String(field ?? "").match(ELEMENT) ?? []
    return elements
        .map(element => element.replace(OUTER_BLANKS, ""))
        .filter(Boolean)
}

const ELEMENT = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g
const OUTER_BLANKS = /^[ \t]+|[ \t]+$/g

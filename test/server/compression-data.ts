/** JSON such as sensors send, as long as asked. */
export function json(length: number): string {
    const count = Math.ceil(length / 8)
    return Array.from({ length: count }, (_, i) => `{"v":${i * 37.5}},`)
        .join("")
        .slice(0, length)
}

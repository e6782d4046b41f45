/** What a relay has counted since it started. */
export class RelayCounters {
    /** Messages that came from members here, and from other servers */
    messages = 0
    received = 0
    /** Messages that were handed to a member */
    deliveries = 0
    /** Messages that were left out for a member that is too slow, or has no binary messages */
    skipped = 0
    /** Members that were dropped because they are too slow */
    dropped = 0
    /** Messages that did not leave for the other servers */
    notCarried = 0
    /** Messages of other servers that did not arrive: gaps in their numbers */
    lost = 0
}

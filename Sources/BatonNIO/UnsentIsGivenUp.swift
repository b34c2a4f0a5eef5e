/// What a handler says, as an outbound user event, before it closes a connection whose client has had its time: what has not been sent
/// is not waited for any more.
package struct UnsentIsGivenUp: Sendable {
    /// The event.
    package init() {}
}

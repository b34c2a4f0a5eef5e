/// A unit that systemd has loaded: its D-Bus path.
package struct ServiceUnit: Sendable, Hashable {
    let path: String
}

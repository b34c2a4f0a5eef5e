internal import CSystemdTestKit
internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What the fake does with a message; shared by the thread that reads the socket and those who ask. Thread-safe.
final class ManagerCore: Sendable {
    let inbox = Inbox()
    let store: Locked<StoredDescriptors>

    init(storeCapacity: Int) {
        store = Locked(StoredDescriptors(capacity: storeCapacity))
    }

    /// Treats one message as PID 1 does, and closes its descriptors or keeps them.
    func receive(_ bytes: [UInt8], isTruncated: Bool, sender: CInt?, descriptors: [CInt]) {
        // One NUL at the end is allowed.
        let text = bytes.last == 0 ? bytes.dropLast() : bytes[...]
        guard !isTruncated, !text.contains(0) else {
            for descriptor in descriptors { close(descriptor) }
            inbox.warn(
                isTruncated
                    ? "a message was longer than 4096 bytes or had more than 253 descriptors, and was ignored"
                    : "a message with a NUL in it was ignored: \(String(decoding: text, as: UTF8.self).debugDescription)"
            )
            return
        }
        let notification = ReceivedNotification(
            text: String(decoding: text, as: UTF8.self),
            sender: sender,
            descriptorCount: descriptors.count,
            time: .now
        )
        if notification["BARRIER"] == "1" {
            // Everything before it has been treated: the other side sees its descriptor closed.
            for descriptor in descriptors { close(descriptor) }
            if descriptors.count != 1 { inbox.warn("BARRIER=1 came with \(descriptors.count) descriptors, not one") }
            return
        }
        keep(descriptors, notification)
        inbox.append(notification)
    }

    private func keep(_ descriptors: [CInt], _ notification: ReceivedNotification) {
        let name = notification["FDNAME"]
        if notification["FDSTOREREMOVE"] == "1" {
            if let name, StoredDescriptors.isName(name) {
                store.withLock { $0.remove { $0.name == name } }
            } else {
                inbox.warn("FDSTOREREMOVE=1 without a name in FDNAME= was ignored: '\(notification)'")
            }
        }
        guard notification["FDSTORE"] == "1" else {
            for descriptor in descriptors { close(descriptor) }
            if !descriptors.isEmpty { inbox.warn("descriptors without FDSTORE=1 were closed: '\(notification)'") }
            return
        }
        if let name, !StoredDescriptors.isName(name) {
            inbox.warn("FDNAME=\(name) is no name; it was stored as 'stored'")
        }
        for descriptor in descriptors {
            let entry = StoredDescriptors.Entry(
                name: name.flatMap { StoredDescriptors.isName($0) ? $0 : nil } ?? "stored",
                descriptor: descriptor,
                isWatched: notification["FDPOLL"] != "0"
            )
            let (isKept, capacity) = store.withLock { ($0.add(entry), $0.capacity) }
            if !isKept {
                inbox.warn("the store is full with \(capacity) descriptors: one of '\(notification)' was closed")
            }
        }
    }
}

import Baton
import CProcess
import SystemPackage
import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The way of connections from a generation that drains to the one that serves: what is given to this process for that is not stored, and
/// it keeps no carrier.
extension Manager {
    /// Takes descriptors over that are meant for the way between generations.
    ///
    /// - Returns: Whether they are; else they stay the caller's.
    func bring(_ name: String, _ descriptors: [CInt], of number: Int) -> Bool {
        if name == CarrierInbox.name {
            open(inbox: descriptors, of: number)
        } else if CarrierName(name) != nil {
            // Who still fills a carrier that has not been brought notices that it is closed here.
            if let descriptor = descriptors.first { bring(carrier: descriptor, name, of: number) }
            descriptors.forEach { close($0) }
        } else {
            return false
        }
        return true
    }

    private func open(inbox descriptors: [CInt], of number: Int) {
        guard descriptors.count == 1, let descriptor = descriptors.first,
            SocketKind(descriptor: descriptor) == .sequentialPacket
        else {
            descriptors.forEach { close($0) }
            return say("generation \(number): its '\(CarrierInbox.name)' is not one socket that keeps messages apart")
        }
        guard let voice = voices[number] else { return descriptors.forEach { close($0) } }
        voice.inbox = OwnedDescriptor(descriptor)
    }

    private func bring(carrier descriptor: CInt, _ name: String, of number: Int) {
        // Nobody follows the generation that serves, nor any when all are to stop.
        guard !supervision.isStopping, supervision.old.contains(where: { $0.number == number }),
            let current = supervision.current, let voice = voices[current.number], voice.inbox != nil
        else { return }
        let text = [UInt8](name.utf8)
        let result =
            voice.inbox?.withDescriptor { inbox in
                withUnsafePointer(to: descriptor) { cprocess_send_message(inbox, text, text.count, $0, 1) }
            } ?? -EPIPE
        // One that stops, or has died, has closed it.
        guard result != 0, result != -EPIPE else { return }
        say(
            "generation \(current.number): the connections of generation \(number) cannot be brought to it: \(Errno(rawValue: -result))"
        )
    }
}

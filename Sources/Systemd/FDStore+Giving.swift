#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension FDStore {
    /// Gives the manager one of a pair of connected sockets to keep, unwatched, which needs no room for one more: its peer, which is
    /// not stored, tells whether it is kept.
    ///
    /// - Parameters:
    ///   - descriptor: The socket. It is closed here; if it is not kept, nobody has it any more.
    ///   - name: Its name, not in use yet.
    ///   - peer: The other socket of the pair, which stays the caller's.
    /// - Throws: ``FDStoreError``.
    package func give(
        _ descriptor: consuming OwnedDescriptor,
        as name: StoredName,
        peer: CInt
    ) throws(FDStoreError) {
        let isTried = entries.withLock { $0.isTried }
        // A restart waits for this, and only where the store has not been tried out yet.
        let attempt = try reserve(name, 1, patience: .milliseconds(50))
        do throws(FDStoreError) {
            if isTried == false { throw refused(name, 1) }
            let outcome = descriptor.withDescriptor {
                notifier.waiting(until: attempt.deadline)
                    .send("FDSTORE=1\nFDNAME=\(name)\nFDPOLL=0", onBehalfOf: nil, descriptors: [$0])
            }
            try check(outcome)
            try check(notifier.barrier(within: attempt.deadline - .now))
            _ = consume descriptor
            switch HangUp.wait(for: peer, within: isTried == true ? .zero : attempt.patience) {
            case .success(false): return
            case .success(true): throw refused(name, 1)
            case .failure(let errno): throw failure(errno)
            }
        } catch {
            forget(name)
            throw error
        }
    }

    /// Gives the manager a descriptor that is not for its store, but for itself.
    ///
    /// - Parameters:
    ///   - descriptor: It is closed here.
    ///   - name: What tells the manager what it is for.
    /// - Returns: Whether it was sent.
    package func entrust(_ descriptor: consuming OwnedDescriptor, as name: String) -> NotifyOutcome {
        descriptor.withDescriptor {
            notifier.send("FDSTORE=1\nFDNAME=\(name)\nFDPOLL=0", onBehalfOf: nil, descriptors: [$0])
        }
    }

    /// The manager is one that closes what it does not keep before it answers a barrier, so that a ``give(_:as:peer:)`` need not wait.
    package func expectPromptRefusals() {
        entries.withLock { $0.isTried = true }
    }

    /// Finds out whether the manager keeps anything at all, so that a later ``give(_:as:peer:)`` need not wait. It takes a quarter of a second, and
    /// nothing stays in the store.
    package func tryOut() {
        guard capacity == nil, notifier.isConnected else { return }
        guard let name = try? StoredName("baton-room-\(getpid())"), let attempt = try? reserve(name, 1, patience: .zero)
        else { return }
        defer { forget(name) }
        guard let pipe = try? Pipe() else { return }
        let outcome = pipe.writer.withDescriptor {
            notifier.waiting(until: attempt.deadline)
                .send("FDSTORE=1\nFDNAME=\(name)", onBehalfOf: nil, descriptors: [$0])
        }
        let canary = pipe.closingWriter()
        guard outcome == .sent, notifier.barrier(within: attempt.deadline - .now) == .sent,
            case .success(let isRefused) = canary.waitForHangUp(within: .milliseconds(250))
        else { return }
        // It is watched: the manager drops it when the other end is closed, which is now.
        entries.withLock { $0.isTried = !isRefused }
    }
}

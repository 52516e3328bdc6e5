package casebus.bench;

import java.util.Collections;
import java.util.List;

/** A case's history: its entries in order, at most the {@link #LIMIT} greatest. */
final class History {
    static final int LIMIT = 200;

    private History() {}

    /** The history with {@code entry} at its place; null when it has no effect: known already, or older than all. */
    static List<HistoryEntry> with(List<HistoryEntry> entries, HistoryEntry entry) {
        int place = Collections.binarySearch(entries, entry);
        if (place >= 0) {
            return null;
        }
        int at = -place - 1;
        if (at == 0 && entries.size() >= LIMIT) {
            return null;
        }
        entries.add(at, entry);
        if (at < entries.size() - 1 || entry.isWithdrawal() || entry.position() == entries.get(Math.max(0, at - 1)).position()) {
            mark(entries);
        }
        return entries.size() > LIMIT ? entries.subList(entries.size() - LIMIT, entries.size()) : entries;
    }

    /** What follows from the order: superseded, withdrawn; a withdrawn entry no longer says what it said. */
    private static void mark(List<HistoryEntry> entries) {
        boolean withdrawn = false;
        long following = -1;
        for (int i = entries.size() - 1; i >= 0; i--) {
            HistoryEntry entry = entries.get(i);
            entry.superseded = entry.position() == following ? Boolean.TRUE : null;
            if (withdrawn) {
                entry.withdrawn = Boolean.TRUE;
                entry.phase = null;
                entry.code = null;
                entry.occurredAt = null;
            }
            following = entry.position();
            withdrawn |= entry.isWithdrawal();
        }
    }
}

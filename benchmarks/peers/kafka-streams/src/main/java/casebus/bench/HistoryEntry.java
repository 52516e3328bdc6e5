package casebus.bench;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/** One event in a case's life. */
@JsonPropertyOrder({
    "sequence", "event_id", "time", "digest", "kind", "corrects", "phase", "code", "occurred_at", "visible_from",
    "superseded", "withdrawn"
})
final class HistoryEntry implements Comparable<HistoryEntry> {
    public long sequence;
    public String eventId;
    public String time;
    public String digest;
    public String kind;
    public Long corrects;
    public String phase;
    public String code;
    public String occurredAt;
    public String visibleFrom;
    public Boolean superseded;
    public Boolean withdrawn;

    HistoryEntry() {}

    HistoryEntry(AcceptedEvent event, Facts facts) {
        sequence = event.sequence;
        eventId = event.eventId;
        time = event.time;
        digest = event.digest;
        kind = event.kind;
        corrects = event.corrects;
        if (facts != null) {
            phase = facts.status.phase;
            code = facts.status.code;
            occurredAt = facts.status.occurredAt;
            visibleFrom = facts.visibleFrom;
        }
    }

    /** The sequence that this entry speaks of. */
    long position() {
        return corrects == null ? sequence : corrects;
    }

    boolean isWithdrawal() {
        return kind.equals("retracted") || kind.equals("party-removed");
    }

    @Override
    public int compareTo(HistoryEntry other) {
        int order = Long.compare(position(), other.position());
        if (order == 0) {
            order = Long.compare(sequence, other.sequence);
        }
        if (order == 0) {
            order = TextTime.compare(time, other.time);
        }
        if (order == 0) {
            order = eventId.compareTo(other.eventId);
        }
        return order == 0 ? digest.compareTo(other.digest) : order;
    }
}

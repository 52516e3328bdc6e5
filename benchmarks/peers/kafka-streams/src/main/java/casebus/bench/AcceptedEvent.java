package casebus.bench;

/** One event as it concerns one party. */
final class AcceptedEvent {
    public String partyRef;
    public Fragment roles;
    public String agency;
    public String caseId;
    public String kind;
    public long sequence;
    public Long corrects;
    public String eventId;
    public String time;
    public String digest;
    public String traceparent;
    public Fragment reason;
    public Fragment content;

    /** The sequence that this event speaks of. */
    long position() {
        return corrects == null ? sequence : corrects;
    }

    boolean isWithdrawal() {
        return kind.equals("retracted") || kind.equals("party-removed");
    }

    /** The record key, which is also the id of the change. */
    String key() {
        return partyRef + "/" + agency + "/" + caseId + "/" + sequence + "/" + eventId + "/" + digest;
    }
}

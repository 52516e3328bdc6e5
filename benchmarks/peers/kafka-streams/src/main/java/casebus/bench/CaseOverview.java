package casebus.bench;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;

/** A case as one party sees it now. */
@JsonPropertyOrder({"agency", "case_id", "roles", "roll_up", "sequence", "events", "content", "history"})
final class CaseOverview {
    public String agency;
    public String caseId;
    public Fragment roles;
    public String rollUp;
    public long sequence;
    public long events;
    public Fragment content;
    public List<HistoryEntry> history;

    CaseOverview() {}

    CaseOverview(String agency, String caseId) {
        this.agency = agency;
        this.caseId = caseId;
    }
}

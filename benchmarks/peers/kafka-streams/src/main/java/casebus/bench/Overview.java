package casebus.bench;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.TreeMap;

/** All cases of one party; each stays a fragment until an event touches it. */
@JsonPropertyOrder({"party_ref", "epoch", "version", "updated_at", "cases"})
final class Overview {
    public String partyRef;
    public int epoch = 1;
    public long version;
    public String updatedAt = "";
    public TreeMap<String, Fragment> cases = new TreeMap<>();

    Overview() {}

    Overview(String partyRef) {
        this.partyRef = partyRef;
    }
}
